#ifndef MPROF_BUCKET_TABLE_H_
#define MPROF_BUCKET_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "chunked_vector.h"
#include "row_index.h"
#include "stack_table.h"

namespace mprof {

using BucketId = uint32_t;

enum class BucketType : uint8_t { kHeap, kBlock, kMutex };

// What was counted for one (type, stack, size class, rate, labels). Heap buckets count
// sampled objects, not estimates: unsampling is the reader's, as in Go.
// Observed counts are whole numbers, exact below 2^53, except in the overflow
// bucket, which holds estimates.
struct Bucket {
  BucketType type;
  StackId stack;
  // Size of the first object counted here. Sizes of one bucket differ by an
  // eighth at the most; the first one names the bucket for its whole life, so
  // that a scraper that compares labels always finds the same sample again.
  uint64_t size;
  // The sampling interval in bytes these counts were taken with; 1 for counts
  // that are estimates already.
  double rate;
  // Waits only: the labels of who waited or ended the wait; 0 for none.
  StringId labels;
  double allocs = 0;
  double frees = 0;
  double alloc_bytes = 0;
  double free_bytes = 0;
  // Sampled objects that are thought to have been allocated and to have died
  // without being observed: to be added to allocs and frees alike.
  double unseen = 0;
  double unseen_bytes = 0;
  // Variance of allocs + unseen beyond that of sampling objects with `rate`.
  double variance = 0;

  // Waits only: how many there were and what they lasted together, in
  // nanoseconds. Both are estimates, scaled when they were recorded.
  double count = 0;
  double delay = 0;
};

// One sampled object, as a bucket counts it.
struct HeapObject {
  uint64_t size;
  double rate;
};

// How many waits there were, and what they lasted together in nanoseconds.
struct Waits {
  double count;
  double delay;
};

// All buckets of the process, in the order in which they were created; none is
// ever dropped. Past the limit, objects are counted in one overflow bucket,
// with their estimates instead of their counts, since they differ in size.
//
// Not synchronised: the owner holds a lock.
class BucketTable {
 public:
  static constexpr size_t kMaxBuckets = size_t{1} << 17;

  explicit BucketTable(size_t max_buckets) : max_buckets_(max_buckets) {}
  BucketTable(const BucketTable&) = delete;
  BucketTable& operator=(const BucketTable&) = delete;

  // The bucket for objects of this size and rate allocated at `stack`, or the
  // overflow bucket, whose stack is `overflow_stack`.
  BucketId FindHeap(StackId stack, const HeapObject& object, StackId overflow_stack);

  // One such object was allocated, or died.
  void CountAlloc(BucketId id, const HeapObject& object);
  void CountFree(BucketId id, const HeapObject& object);
  // How much one such object adds to the counts of this bucket: 1, or in the
  // overflow bucket its estimate.
  double WeightOf(BucketId id, const HeapObject& object) const;
  // So much more of this bucket, as it counts, lived and died unobserved, and
  // the variance of that has changed by so much.
  void CountUnseen(BucketId id, double objects, double bytes, double variance);

  // Waits that began, or were ended, at `stack` by work with these labels. Returns
  // where they are counted.
  BucketId CountWait(BucketType type, StackId stack, StringId labels,
                     const Waits& waits, StackId overflow_stack);

  const ChunkedVector<Bucket>& buckets() const { return buckets_; }
  size_t count(BucketType type) const { return counts_[static_cast<size_t>(type)]; }
  // Objects that were counted in an overflow bucket.
  uint64_t overflowed() const { return overflowed_; }
  // Memory it takes, and takes at most.
  size_t bytes() const { return buckets_.bytes() + ids_.bytes(); }
  static constexpr size_t BytesFor(size_t max_buckets) {
    // An overflow bucket for each type comes on top.
    return ChunkedVector<Bucket>::BytesFor(max_buckets + 3) +
           RowIndex::BytesFor(max_buckets + 3);
  }

  // Sizes are put into classes at most an eighth apart: the power of two below
  // the size, plus eighths of it, rounded up.
  static uint64_t SizeClass(uint64_t size);

 private:
  struct Key {
    BucketType type;
    StackId stack;
    uint64_t size_class;
    double rate;
    StringId labels;
    bool operator==(const Key& other) const {
      return type == other.type && stack == other.stack &&
             size_class == other.size_class && rate == other.rate &&
             labels == other.labels;
    }
  };

  static size_t HashOf(const Key& key);
  static Key KeyOf(const Bucket& bucket);
  std::optional<BucketId> FindKey(const Key& key) const;
  BucketId Find(const Key& key, uint64_t size, StackId overflow_stack);
  BucketId Add(const Key& key, uint64_t size);
  BucketId FindOverflow(BucketType type, StackId overflow_stack);
  static bool IsOverflow(const Bucket& bucket) { return bucket.size == 0; }
  static double WeightIn(const Bucket& bucket, const HeapObject& object);

  const size_t max_buckets_;
  ChunkedVector<Bucket> buckets_;
  std::array<size_t, 3> counts_ = {};
  RowIndex ids_;
  uint64_t overflowed_ = 0;
};

}  // namespace mprof

#endif  // MPROF_BUCKET_TABLE_H_
