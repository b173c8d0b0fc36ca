#include "profile_table.h"

namespace mprof {

ProfileTable::ProfileTable(const StackTable::Limits& limits, size_t max_buckets)
    : stacks_(limits), buckets_(max_buckets) {
  const FrameId frame = *stacks_.InternFrame("(overflow)", "", {0, 0, 0});
  overflow_stack_ = *stacks_.Extend(StackTable::kRoot, frame);
}

ProfileTable& ProfileTable::Process() {
  // Never destroyed: process.exit() runs static destructors while worker
  // threads may still be counting.
  static auto& table =
      *new ProfileTable(StackTable::Limits(), BucketTable::kMaxBuckets);
  return table;
}

}  // namespace mprof
