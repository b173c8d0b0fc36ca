#ifndef MPROF_STACK_TABLE_H_
#define MPROF_STACK_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "chunked_vector.h"
#include "row_index.h"
#include "text_arena.h"

namespace mprof {

using StringId = uint32_t;
using FrameId = uint32_t;
using StackId = uint32_t;

// A place in a function: where it starts, for allocations, of which V8 records no
// more; where it waits or calls, for waits.
struct Position {
  uint32_t line;
  uint32_t column;
  uint32_t start_line;  // of the function
  // Where it starts in that line, for CPU samples, which know it besides the place.
  uint32_t start_column = 0;

  bool operator==(const Position& other) const {
    return line == other.line && column == other.column &&
           start_line == other.start_line && start_column == other.start_column;
  }
};

struct Frame {
  StringId name;
  StringId file;
  Position position;
  // Even, non-zero, below 2^48: a hash of the fields above and of nothing else,
  // so that the same frame has the same address in every process.
  uint64_t address;
};

// Interned strings, frames, stacks and label sets. Nothing is ever removed, so ids stay
// valid for the life of the process; past the limits nothing is added.
//
// A stack is a path in a tree of calls: the id of a stack is the id of its leaf
// node, and stacks with the same callers share the nodes of these callers.
//
// Not synchronised: the owner holds a lock.
class StackTable {
 public:
  struct Limits {
    size_t string_bytes = size_t{16} << 20;
    size_t strings = size_t{1} << 18;
    size_t label_bytes = size_t{1} << 20;
    size_t frames = size_t{1} << 16;
    size_t nodes = size_t{1} << 18;
  };

  // The empty stack, caller of every outermost frame.
  static constexpr StackId kRoot = 0;
  // Longer strings are cut: Pyroscope refuses more than 65,535 bytes, and a
  // script given as a data: URL is its own name.
  static constexpr size_t kMaxStringLength = 4096;

  explicit StackTable(const Limits& limits);
  StackTable(const StackTable&) = delete;
  StackTable& operator=(const StackTable&) = delete;

  // Empty when a limit is reached and the frame is not there yet.
  std::optional<FrameId> InternFrame(std::string_view name,
                                     std::string_view file,
                                     const Position& position);
  // The text of a set of labels, which is any text but the empty one. Empty when
  // it would be cut, or when a limit is reached and the text is not there yet.
  std::optional<StringId> InternLabels(std::string_view text);
  // The stack in which `frame` was called from `caller`.
  std::optional<StackId> Extend(StackId caller, FrameId frame);

  StackId CallerOf(StackId stack) const { return nodes_[stack].caller; }
  FrameId LeafOf(StackId stack) const { return nodes_[stack].frame; }
  // How many frames it has.
  uint32_t DepthOf(StackId stack) const { return nodes_[stack].depth; }
  const Frame& frame(FrameId id) const { return frames_[id]; }
  std::string_view string(StringId id) const { return strings_[id]; }

  size_t string_count() const { return strings_.size(); }
  size_t frame_count() const { return frames_.size(); }
  size_t node_count() const { return nodes_.size(); }
  size_t string_bytes() const { return string_bytes_; }
  // Memory it takes, and takes at most.
  size_t bytes() const;
  static constexpr size_t BytesFor(const Limits& limits) {
    return TextArena::BytesFor(limits.string_bytes, kMaxStringLength) +
           ChunkedVector<std::string_view>::BytesFor(limits.strings) +
           RowIndex::BytesFor(limits.strings) +
           ChunkedVector<Frame>::BytesFor(limits.frames) +
           RowIndex::BytesFor(limits.frames) +
           ChunkedVector<Node>::BytesFor(limits.nodes) + RowIndex::BytesFor(limits.nodes);
  }

 private:
  struct Node {
    StackId caller;
    FrameId frame;
    uint32_t depth;
  };
  struct FrameKey {
    StringId name;
    StringId file;
    Position position;
    bool operator==(const FrameKey& other) const {
      return name == other.name && file == other.file && position == other.position;
    }
  };

  static size_t HashOf(const FrameKey& key);
  static size_t HashOf(const Node& node);
  static FrameKey KeyOf(const Frame& frame);
  std::optional<StringId> FindString(std::string_view text) const;
  std::optional<StringId> InternString(std::string_view text);
  StringId AddString(std::string_view text);

  const Limits limits_;
  TextArena texts_;
  ChunkedVector<std::string_view> strings_;
  RowIndex string_ids_;
  size_t string_bytes_ = 0;
  size_t label_bytes_ = 0;
  ChunkedVector<Frame> frames_;
  RowIndex frame_ids_;
  ChunkedVector<Node> nodes_;
  RowIndex node_ids_;
};

}  // namespace mprof

#endif  // MPROF_STACK_TABLE_H_
