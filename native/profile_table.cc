#include "profile_table.h"

namespace mprof {

ProfileTable::ProfileTable(const StackTable::Limits& limits, size_t max_buckets)
    : stacks_(limits),
      buckets_(max_buckets),
      overflow_stack_(AddStack("(overflow)")),
      profiler_stack_(AddStack("(profiler)")) {
  // Written by the encoder, which has no tables: here only its name is looked up.
  AddStack("(other)");
}

StackId ProfileTable::AddStack(const char* name) {
  // Nothing else is in the table yet, so there is room.
  return *stacks_.Extend(StackTable::kRoot, *stacks_.InternFrame(name, "", {0, 0, 0}));
}

ProfileTable& ProfileTable::Process() {
  static_assert(StackTable::BytesFor(StackTable::Limits()) +
                    BucketTable::BytesFor(BucketTable::kMaxBuckets) +
                    ThreadParts::BytesFor(ThreadParts::kMaxRows) <=
                kMaxBytes);
  // Never destroyed: process.exit() runs static destructors while worker
  // threads may still be counting.
  static auto& table =
      *new ProfileTable(StackTable::Limits(), BucketTable::kMaxBuckets);
  return table;
}

}  // namespace mprof
