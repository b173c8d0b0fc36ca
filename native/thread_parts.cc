#include "thread_parts.h"

#include <algorithm>

namespace mprof {

namespace {

// Everything that is counted in a bucket.
constexpr double Bucket::*kCounts[] = {
    &Bucket::allocs,      &Bucket::frees,  &Bucket::alloc_bytes,
    &Bucket::free_bytes,  &Bucket::unseen, &Bucket::unseen_bytes,
    &Bucket::variance,    &Bucket::count,  &Bucket::delay};
// Sums of estimates taken in different orders differ by less than that share.
constexpr double kRounding = 1e-9;

void Increase(Bucket* bucket, const Bucket& change) {
  for (const auto count : kCounts) bucket->*count += change.*count;
}

void Decrease(Bucket* bucket, const Bucket& change) {
  for (const auto count : kCounts) bucket->*count -= change.*count;
}

// What is left of a sum is nothing if it is but a rounding error. True if all is.
bool Round(Bucket* rest, const Bucket& sum) {
  bool is_empty = true;
  for (const auto count : kCounts) {
    if (rest->*count <= kRounding * (sum.*count)) rest->*count = 0;
    if (rest->*count != 0) is_empty = false;
  }
  return is_empty;
}

}  // namespace

Bucket Difference(const Bucket& now, const Bucket& before) {
  Bucket change = now;
  Decrease(&change, before);
  return change;
}

Bucket WaitsIn(const Bucket& bucket, const Waits& waits) {
  Bucket change = {bucket.type, bucket.stack, bucket.size, bucket.rate, bucket.labels};
  change.count = waits.count;
  change.delay = waits.delay;
  return change;
}

bool ThreadParts::Add(ThreadId thread, BucketId id, const Bucket& change) {
  const bool is_kept = AddTo(&parts_[thread], id, change);
  if (!is_kept) lost_++;
  return is_kept;
}

void ThreadParts::End(ThreadId thread) {
  const auto part = parts_.find(thread);
  if (part == parts_.end()) return;
  for (const auto& [id, bucket] : part->second) {
    rows_--;
    // There is room: that of the row it is taken from.
    AddTo(&ended_, id, bucket);
  }
  parts_.erase(part);
}

std::vector<ThreadParts::Row> ThreadParts::Select(const BucketTable& table,
                                                  BucketType type,
                                                  ThreadId thread) const {
  std::vector<Row> rows;
  if (thread != kMainThread) {
    const auto part = parts_.find(thread);
    if (part == parts_.end()) return rows;
    for (const auto& [id, bucket] : part->second) {
      if (bucket.type == type) rows.push_back({id, bucket});
    }
    std::sort(rows.begin(), rows.end(),
              [](const Row& a, const Row& b) { return a.id > b.id; });
    return rows;
  }
  std::vector<Bucket> rest;
  rest.reserve(table.buckets().size());
  for (size_t id = 0; id < table.buckets().size(); id++) {
    rest.push_back(table.buckets()[id]);
  }
  const auto subtract = [&](const Part& part) {
    for (const auto& [id, bucket] : part) Decrease(&rest[id], bucket);
  };
  for (const auto& part : parts_) subtract(part.second);
  subtract(ended_);
  for (size_t id = rest.size(); id-- > 0;) {
    if (rest[id].type != type || Round(&rest[id], table.buckets()[id])) continue;
    rows.push_back({static_cast<BucketId>(id), rest[id]});
  }
  return rows;
}

bool ThreadParts::AddTo(Part* part, BucketId id, const Bucket& change) {
  const auto found = part->find(id);
  if (found != part->end()) {
    Increase(&found->second, change);
    return true;
  }
  if (rows_ >= max_rows_) return false;
  part->emplace(id, change);
  rows_++;
  return true;
}

}  // namespace mprof
