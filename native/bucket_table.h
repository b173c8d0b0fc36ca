#ifndef MPROF_BUCKET_TABLE_H_
#define MPROF_BUCKET_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "stack_table.h"

namespace mprof {

using BucketId = uint32_t;

enum class BucketType : uint8_t { kHeap };

// What was counted for one (type, stack, size class, rate). Heap buckets count
// sampled objects, not estimates: unsampling is the reader's, as in Go.
// Doubles, because allocations that died unseen are attributed in fractions;
// counts that were observed are whole numbers and exact below 2^53.
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
  double allocs = 0;
  double frees = 0;
  double alloc_bytes = 0;
  double free_bytes = 0;
  // Variance of `allocs` that comes from attributing unseen allocations, in
  // sampled objects squared (in objects squared where rate is 1).
  double alloc_variance = 0;
};

// One sampled object, as a bucket counts it.
struct HeapObject {
  uint64_t size;
  double rate;
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
  BucketId Find(BucketType type, StackId stack, const HeapObject& object,
                StackId overflow_stack);

  // `count` objects like `object` were allocated, or died. `variance` as in
  // Bucket::alloc_variance.
  void CountAllocs(BucketId id, const HeapObject& object, double count,
                   double variance);
  void CountFrees(BucketId id, const HeapObject& object, double count);

  const std::vector<Bucket>& buckets() const { return buckets_; }
  // Objects that were counted in an overflow bucket.
  double overflowed() const { return overflowed_; }

  // Sizes are put into classes at most an eighth apart: the power of two below
  // the size, plus eighths of it, rounded up.
  static uint64_t SizeClass(uint64_t size);

 private:
  struct Key {
    BucketType type;
    StackId stack;
    uint64_t size_class;
    double rate;
    bool operator==(const Key& other) const {
      return type == other.type && stack == other.stack &&
             size_class == other.size_class && rate == other.rate;
    }
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };

  BucketId FindOverflow(BucketType type, StackId overflow_stack);
  // How many objects of the bucket's own kind one sampled object stands for.
  double WeightIn(const Bucket& bucket, const HeapObject& object) const;

  const size_t max_buckets_;
  std::vector<Bucket> buckets_;
  std::unordered_map<Key, BucketId, KeyHash> ids_;
  double overflowed_ = 0;
};

}  // namespace mprof

#endif  // MPROF_BUCKET_TABLE_H_
