#ifndef MPROF_CPU_PROFILE_READER_H_
#define MPROF_CPU_PROFILE_READER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cpu_columns.h"
#include "stack_table.h"
#include "v8-profiler.h"

namespace mprof {

// Reads stacks out of two of V8's CPU profiles of the same samples.
//
// A frame's function is that of the profile `functions`. Its line is that of the
// profile `calls`, whose nodes say from which line of their caller they are called. V8
// does not say which of the leaf's lines belongs to which sample, but how many samples
// there were of each line: these are dealt out at random among the samples of a node.
//
// Frames are kept in a table of their own: they have the addresses they have in every
// profile, and do not fill the one of the process.
class CpuProfileReader {
 public:
  using Node = v8::CpuProfileNode;

  // A callback that has one of these names may be anybody's.
  CpuProfileReader(const std::unordered_set<std::string_view>& ambiguous_names,
                   CpuColumns* columns);

  static bool IsIdle(const Node* function);
  // The row of the stack of one sample, by its nodes in both profiles.
  uint32_t Read(const Node* function, const Node* call);
  // Adds the frames to the columns.
  void Finish();

 private:
  struct Line {
    int line;
    int column;
  };
  struct LeafStack {
    FrameId frame;
    uint32_t row;
  };
  // Where a sample ended: the lines that are left to deal out, and the stacks so far.
  struct Leaf {
    std::vector<Line> lines;
    std::vector<LeafStack> stacks;
  };
  // One function on the way to a leaf, by its nodes in both profiles.
  struct Step {
    const Node* function;
    const Node* call;
  };
  // A function that has called another one, and its own callers: an index of callers_.
  struct Caller {
    FrameId frame;
    uint32_t callers;
  };
  // V8 has each string once, and keeps it as long as the profile.
  struct FrameKey {
    const char* name;
    const char* file;
    Position position;
    bool operator==(const FrameKey& other) const {
      return name == other.name && file == other.file && position == other.position;
    }
  };
  struct FrameKeyHash {
    size_t operator()(const FrameKey& key) const;
  };

  static Leaf ReadLeaf(const Step& step);
  uint32_t AddStack(FrameId leaf, const Step& step);
  // Index of the caller of a step; 0 where it has none.
  uint32_t CallersOf(const Step& step);
  FrameId FrameOf(const Node* function, const Line& line);
  std::string_view NameOf(const Node* function) const;
  size_t RandomBelow(size_t end);

  const std::unordered_set<std::string_view>& ambiguous_names_;
  CpuColumns* const columns_;
  StackTable table_;
  const FrameId overflow_;
  std::unordered_map<FrameKey, FrameId, FrameKeyHash> frames_;
  // The one at 0 stands for none.
  std::vector<Caller> callers_ = {{0, 0}};
  // By the node in `calls`.
  std::unordered_map<const Node*, uint32_t> callers_of_;
  std::unordered_map<const Node*, Leaf> leaves_;
  uint64_t random_;
};

}  // namespace mprof

#endif  // MPROF_CPU_PROFILE_READER_H_
