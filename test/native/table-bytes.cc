// table-bytes LENGTH: fills the tables with texts of that length, and prints what they say they take, what is allocated
// for them, what was allocated at most meanwhile, and what they take at most. JSON.

#include "../../native/bucket_table.h"
#include "../../native/stack_table.h"

#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <unordered_map>

namespace {

size_t taken = 0;
size_t most = 0;

}  // namespace

// Counts what malloc() sets aside, its own eight bytes included.
void* operator new(size_t size) {
  void* const place = std::malloc(size);
  if (place == nullptr) std::abort();
  taken += malloc_usable_size(place) + 8;
  if (taken > most) most = taken;
  return place;
}
void operator delete(void* place) noexcept {
  if (place == nullptr) return;
  taken -= malloc_usable_size(place) + 8;
  std::free(place);
}
void operator delete(void* place, size_t) noexcept { operator delete(place); }
// Sanitizers have their own.
void* operator new[](size_t size) { return operator new(size); }
void operator delete[](void* place) noexcept { operator delete(place); }
void operator delete[](void* place, size_t) noexcept { operator delete(place); }

int main(int, char** argv) {
  using namespace mprof;
  const auto length = static_cast<size_t>(std::atoi(argv[1]));
  const StackTable::Limits limits;
  const size_t before = taken;
  StackTable stacks(limits);
  BucketTable buckets(BucketTable::kMaxBuckets);
  constexpr size_t kMore = size_t{1} << 18;
  for (size_t i = 0; i < limits.frames + kMore; i++) {
    std::string name = std::to_string(i);
    name.resize(length < name.size() ? name.size() : length, 'x');
    stacks.InternFrame(name, name + "f", {1, 1, 1});
    stacks.InternLabels(name + "l");
  }
  StackId caller = StackTable::kRoot;
  for (size_t i = 0; i < limits.nodes + kMore; i++) {
    const auto frame = static_cast<FrameId>(i % stacks.frame_count());
    const auto stack = stacks.Extend(i % 100 == 0 ? StackTable::kRoot : caller, frame);
    caller = stack.value_or(StackTable::kRoot);
    buckets.CountAlloc(buckets.FindHeap(caller, {1 + i % 1000, 512}, 1), {1 + i % 1000, 512});
  }
  const size_t in_tables = taken - before;
  const size_t at_most_in_tables = most - before;

  // As ThreadParts keeps its rows, which needs V8's headers.
  constexpr size_t kRows = size_t{1} << 16;
  std::unordered_map<BucketId, Bucket> rows;
  for (BucketId id = 0; id < kRows; id++) rows.emplace(id, Bucket());
  const size_t in_rows = taken - before - in_tables;

  std::printf("{\"bytes\": %zu, \"taken\": %zu, \"peak\": %zu, \"most\": %zu, \"strings\": %zu, \"frames\": %zu, "
              "\"nodes\": %zu, \"buckets\": %zu, \"rowBytes\": %zu, \"rowTaken\": %zu}",
              stacks.bytes() + buckets.bytes(), in_tables, at_most_in_tables,
              StackTable::BytesFor(limits) + BucketTable::BytesFor(BucketTable::kMaxBuckets),
              stacks.string_count(), stacks.frame_count(), stacks.node_count(), buckets.buckets().size(),
              kRows * (sizeof(std::pair<const BucketId, Bucket>) + 5 * sizeof(void*)), in_rows);
}
