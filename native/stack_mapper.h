#ifndef MPROF_STACK_MAPPER_H_
#define MPROF_STACK_MAPPER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "profile_table.h"
#include "stack_table.h"
#include "v8-profiler.h"

namespace mprof {

// Maps the nodes of one isolate's allocation profiles to stacks of the process.
// V8 gives a node the same id in every profile and never gives it to another
// node, so only nodes not met before are read: first everything V8 has to be
// asked, without the lock, then the interning, with it.
class StackMapper {
 public:
  explicit StackMapper(v8::Isolate* isolate) : isolate_(isolate) {}

  // Forgets everything if it has become too much; to be called before the nodes
  // of a profile are asked for.
  void Trim();
  // Reads what it takes to map the nodes in `wanted` that are not known yet.
  void Read(const v8::AllocationProfile::Node* root,
            std::unordered_set<uint32_t> wanted);
  // Interns what Read() has read.
  void Intern(ProfileTable::Lock& table);

  bool Knows(uint32_t node_id) const { return stacks_.count(node_id) != 0; }
  // Empty for a node that was not in the profile. V8 copies its tree before its
  // samples and allocates while it does; a sample taken meanwhile, of what the
  // copying itself allocates, can hang on a node that is not in the copy.
  std::optional<StackId> Find(uint32_t node_id) const;

  // Memory it takes: each row is allocated by itself, in a list, and has up to two
  // places in an index.
  size_t bytes() const {
    constexpr size_t kRow = 5 * sizeof(void*);
    return stacks_.size() * (sizeof(decltype(stacks_)::value_type) + kRow) +
           (frames_.size() + native_frames_.size()) *
               (sizeof(decltype(frames_)::value_type) + kRow);
  }

  // Node ids start anew when the sampler is started anew.
  void ForgetNodes() { stacks_.clear(); }

 private:
  struct FrameKey {
    int script_id;
    int start_position;
    // A class's constructor and its field initialiser start at the same place.
    int name_hash;
    bool operator==(const FrameKey& other) const {
      return script_id == other.script_id &&
             start_position == other.start_position && name_hash == other.name_hash;
    }
  };
  struct FrameKeyHash {
    size_t operator()(const FrameKey& key) const;
  };

  struct NewFrame {
    FrameKey key;
    std::string name;
    std::string file;
    Position position;
  };
  struct NewNode {
    uint32_t id;
    uint32_t caller_id;
    FrameKey frame;
  };

  void AddPath(const std::vector<const v8::AllocationProfile::Node*>& path);
  FrameKey AddFrame(const v8::AllocationProfile::Node& node);
  std::string ToUtf8(v8::Local<v8::String> text) const;

  v8::Isolate* const isolate_;
  std::unordered_map<uint32_t, StackId> stacks_;
  // kNoFrame where the table is full.
  std::unordered_map<FrameKey, FrameId, FrameKeyHash> frames_;
  // Start positions given to frames outside any script, by name.
  std::unordered_map<std::string, int> native_frames_;

  std::vector<NewFrame> new_frames_;
  std::vector<NewNode> new_nodes_;
};

}  // namespace mprof

#endif  // MPROF_STACK_MAPPER_H_
