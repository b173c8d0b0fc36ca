#ifndef MPROF_THREAD_PARTS_H_
#define MPROF_THREAD_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "bucket_table.h"
#include "threads.h"

namespace mprof {

// What has been counted in a bucket since it was `before`.
Bucket Difference(const Bucket& now, const Bucket& before);
// No more than these waits in a bucket.
Bucket WaitsIn(const Bucket& bucket, const Waits& waits);

// How much of the process's buckets each thread has counted. Kept for all threads but
// the main one, whose part is what remains: so a program without workers pays nothing.
// When a thread ends, its part is added to that of all that have ended.
//
// Bounded: past the limit, what else a thread counts is not kept apart from what the
// main thread does, and is reported.
//
// Not synchronised: the owner holds a lock.
class ThreadParts {
 public:
  static constexpr size_t kMaxRows = size_t{1} << 16;

  struct Row {
    BucketId id;
    // Of the thread alone.
    Bucket bucket;
  };

  explicit ThreadParts(size_t max_rows = kMaxRows) : max_rows_(max_rows) {}
  ThreadParts(const ThreadParts&) = delete;
  ThreadParts& operator=(const ThreadParts&) = delete;

  // A thread other than the main one has counted that much in a bucket. False where
  // that is not kept apart.
  bool Add(ThreadId thread, BucketId id, const Bucket& change);
  void End(ThreadId thread);

  // Of the buckets of a type, those a thread has counted in, the newest first.
  std::vector<Row> Select(const BucketTable& table, BucketType type,
                          ThreadId thread) const;

  size_t rows() const { return rows_; }
  // Memory it takes, and would take for so many rows.
  size_t bytes() const { return BytesFor(rows_); }
  static constexpr size_t BytesFor(size_t rows) {
    // A row is allocated by itself, in a list, and has up to two places in an index.
    return rows * (sizeof(Part::value_type) + 5 * sizeof(void*));
  }
  // Changes that were not kept apart.
  uint64_t lost() const { return lost_; }

 private:
  using Part = std::unordered_map<BucketId, Bucket>;

  // False when there is no room.
  bool AddTo(Part* part, BucketId id, const Bucket& change);

  const size_t max_rows_;
  std::map<ThreadId, Part> parts_;
  Part ended_;
  size_t rows_ = 0;
  uint64_t lost_ = 0;
};

}  // namespace mprof

#endif  // MPROF_THREAD_PARTS_H_
