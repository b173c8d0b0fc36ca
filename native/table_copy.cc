#include "table_copy.h"

#include <algorithm>
#include <string_view>

namespace mprof {

namespace {

// Calls copy(row, id, bucket) for every bucket of the range, the newest first.
template <typename Copy>
void ForEachBucket(ProfileTable::Lock& table, const BucketRange& range, Copy copy) {
  const ChunkedVector<Bucket>& buckets = table.buckets().buckets();
  size_t row = 0;
  for (size_t i = range.end; i-- > 0 && row < range.rows;) {
    if (buckets[i].type == range.type) copy(row++, static_cast<uint32_t>(i), buckets[i]);
  }
}

void CopyRow(const HeapColumns& columns, size_t row, uint32_t id,
             const Bucket& bucket) {
  columns.bucket[row] = id;
  columns.stack[row] = bucket.stack;
  columns.size[row] = static_cast<double>(bucket.size);
  columns.rate[row] = bucket.rate;
  columns.allocs[row] = bucket.allocs;
  columns.frees[row] = bucket.frees;
  columns.alloc_bytes[row] = bucket.alloc_bytes;
  columns.free_bytes[row] = bucket.free_bytes;
  columns.unseen[row] = bucket.unseen;
  columns.unseen_bytes[row] = bucket.unseen_bytes;
  columns.variance[row] = bucket.variance;
}

void CopyRow(const WaitColumns& columns, size_t row, uint32_t id,
             const Bucket& bucket) {
  columns.bucket[row] = id;
  columns.stack[row] = bucket.stack;
  columns.labels[row] = bucket.labels;
  columns.count[row] = bucket.count;
  columns.delay[row] = bucket.delay;
}

}  // namespace

BucketRange AllBuckets(ProfileTable::Lock& table, BucketType type) {
  return {type, table.buckets().buckets().size(), table.buckets().count(type)};
}

void CopyHeapBuckets(ProfileTable::Lock& table, const BucketRange& buckets,
                     const HeapColumns& columns) {
  ForEachBucket(table, buckets, [&](size_t row, uint32_t id, const Bucket& bucket) {
    CopyRow(columns, row, id, bucket);
  });
}

void CopyWaitBuckets(ProfileTable::Lock& table, const BucketRange& buckets,
                     const WaitColumns& columns) {
  ForEachBucket(table, buckets, [&](size_t row, uint32_t id, const Bucket& bucket) {
    CopyRow(columns, row, id, bucket);
  });
}

void CopyHeapRows(const std::vector<ThreadParts::Row>& rows,
                  const HeapColumns& columns) {
  for (size_t i = 0; i < rows.size(); i++) {
    CopyRow(columns, i, rows[i].id, rows[i].bucket);
  }
}

void CopyWaitRows(const std::vector<ThreadParts::Row>& rows,
                  const WaitColumns& columns) {
  for (size_t i = 0; i < rows.size(); i++) {
    CopyRow(columns, i, rows[i].id, rows[i].bucket);
  }
}

void MeasureStacks(ProfileTable::Lock& table, const uint32_t* stacks, Range range,
                   uint32_t* start) {
  for (size_t i = range.from; i < range.to; i++) {
    start[i + 1] = start[i] + table.stacks().DepthOf(stacks[i]);
  }
}

void MeasureStrings(ProfileTable::Lock& table, const uint32_t* strings, Range range,
                    uint32_t* start) {
  for (size_t i = range.from; i < range.to; i++) {
    const std::string_view text = table.stacks().string(strings[i]);
    start[i + 1] = start[i] + static_cast<uint32_t>(text.size());
  }
}

void CopyStacks(ProfileTable::Lock& table, const uint32_t* stacks, Range range,
                const uint32_t* start, uint32_t* frames) {
  const StackTable& table_stacks = table.stacks();
  for (size_t i = range.from; i < range.to; i++) {
    uint32_t* frame = frames + start[i];
    for (StackId node = stacks[i]; node != StackTable::kRoot;
         node = table_stacks.CallerOf(node)) {
      *frame++ = table_stacks.LeafOf(node);
    }
  }
}

void CopyStrings(ProfileTable::Lock& table, const uint32_t* strings, Range range,
                 const uint32_t* start, uint8_t* bytes) {
  for (size_t i = range.from; i < range.to; i++) {
    const std::string_view text = table.stacks().string(strings[i]);
    std::copy(text.begin(), text.end(), bytes + start[i]);
  }
}

void CopyFrames(ProfileTable::Lock& table, const uint32_t* frames, Range range,
                const FrameColumns& columns) {
  for (size_t i = range.from; i < range.to; i++) {
    const Frame& frame = table.stacks().frame(frames[i]);
    columns.name[i] = frame.name;
    columns.file[i] = frame.file;
    columns.line[i] = frame.position.line;
    columns.column[i] = frame.position.column;
    columns.start_line[i] = frame.position.start_line;
    columns.address[i] = static_cast<double>(frame.address);
  }
}

}  // namespace mprof
