#include "snapshot.h"

namespace mprof {

namespace {

// Copies strings, frames and stacks out of the table, each one once.
class SymbolWriter {
 public:
  explicit SymbolWriter(const StackTable& table)
      : table_(table),
        string_row_(table.string_count(), kNone),
        frame_row_(table.frame_count(), kNone),
        stack_row_(table.node_count(), kNone) {
    columns_.string_start.push_back(0);
    columns_.stack_start.push_back(0);
    String(0);
  }

  uint32_t Frame(FrameId id) {
    if (frame_row_[id] == kNone) {
      frame_row_[id] = static_cast<uint32_t>(columns_.frame_name.size());
      const mprof::Frame& frame = table_.frame(id);
      columns_.frame_name.push_back(String(frame.name));
      columns_.frame_file.push_back(String(frame.file));
      columns_.frame_line.push_back(frame.position.line);
      columns_.frame_column.push_back(frame.position.column);
      columns_.frame_start_line.push_back(frame.position.start_line);
      columns_.frame_address.push_back(static_cast<double>(frame.address));
    }
    return frame_row_[id];
  }

  uint32_t Stack(StackId id) {
    if (stack_row_[id] == kNone) {
      stack_row_[id] = static_cast<uint32_t>(columns_.stack_start.size() - 1);
      for (StackId node = id; node != StackTable::kRoot; node = table_.CallerOf(node)) {
        columns_.stack_frames.push_back(Frame(table_.LeafOf(node)));
      }
      columns_.stack_start.push_back(
          static_cast<uint32_t>(columns_.stack_frames.size()));
    }
    return stack_row_[id];
  }

  SymbolColumns Finish() { return std::move(columns_); }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  uint32_t String(StringId id) {
    if (string_row_[id] == kNone) {
      string_row_[id] = static_cast<uint32_t>(columns_.string_start.size() - 1);
      columns_.string_bytes.append(table_.string(id));
      columns_.string_start.push_back(
          static_cast<uint32_t>(columns_.string_bytes.size()));
    }
    return string_row_[id];
  }

  const StackTable& table_;
  std::vector<uint32_t> string_row_;
  std::vector<uint32_t> frame_row_;
  std::vector<uint32_t> stack_row_;
  SymbolColumns columns_;
};

}  // namespace

HeapColumns TakeHeapBuckets(ProfileTable::Lock& table) {
  HeapColumns columns;
  SymbolWriter symbols(table.stacks());
  const std::vector<Bucket>& buckets = table.buckets().buckets();
  for (size_t i = buckets.size(); i-- > 0;) {
    const Bucket& bucket = buckets[i];
    if (bucket.type != BucketType::kHeap) continue;
    columns.bucket.push_back(static_cast<uint32_t>(i));
    columns.stack.push_back(symbols.Stack(bucket.stack));
    columns.size.push_back(static_cast<double>(bucket.size));
    columns.rate.push_back(bucket.rate);
    columns.allocs.push_back(bucket.allocs);
    columns.frees.push_back(bucket.frees);
    columns.alloc_bytes.push_back(bucket.alloc_bytes);
    columns.free_bytes.push_back(bucket.free_bytes);
    columns.unseen.push_back(bucket.unseen);
    columns.unseen_bytes.push_back(bucket.unseen_bytes);
    columns.variance.push_back(bucket.variance);
  }
  columns.symbols = symbols.Finish();
  return columns;
}

WaitColumns TakeWaitBuckets(ProfileTable::Lock& table, BucketType type) {
  WaitColumns columns;
  SymbolWriter symbols(table.stacks());
  const std::vector<Bucket>& buckets = table.buckets().buckets();
  for (size_t i = buckets.size(); i-- > 0;) {
    const Bucket& bucket = buckets[i];
    if (bucket.type != type) continue;
    columns.bucket.push_back(static_cast<uint32_t>(i));
    columns.stack.push_back(symbols.Stack(bucket.stack));
    columns.count.push_back(bucket.count);
    columns.delay.push_back(bucket.delay);
  }
  columns.symbols = symbols.Finish();
  return columns;
}

StackRows TakeStacks(ProfileTable::Lock& table, const std::vector<StackId>& stacks) {
  StackRows rows;
  SymbolWriter symbols(table.stacks());
  for (const StackId stack : stacks) rows.stack.push_back(symbols.Stack(stack));
  rows.symbols = symbols.Finish();
  return rows;
}

SymbolColumns TakeFrames(ProfileTable::Lock& table) {
  SymbolWriter symbols(table.stacks());
  for (size_t i = 0; i < table.stacks().frame_count(); i++) {
    symbols.Frame(static_cast<FrameId>(i));
  }
  return symbols.Finish();
}

}  // namespace mprof
