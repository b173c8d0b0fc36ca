// thread-owners: has a thread count an object where there is no room to keep it apart, and its death once there is, and
// then another object. JSON.

#include "../../native/profile_table.h"

#include <cstdio>
#include <vector>

namespace {

using mprof::BucketId;
using mprof::BucketTable;
using mprof::BucketType;
using mprof::ThreadId;
using mprof::ThreadParts;

constexpr mprof::HeapObject kObject = {8, 1};

}  // namespace

int main() {
  static mprof::ProfileTable process(mprof::StackTable::Limits(), BucketTable::kMaxBuckets);
  mprof::ProfileTable::Lock table(process);
  const auto count = [&](ThreadId thread, BucketId id, void (BucketTable::*change)(BucketId, const mprof::HeapObject&)) {
    return table.Count(thread, id, [&](BucketTable& buckets) { (buckets.*change)(id, kObject); });
  };
  std::vector<BucketId> ids;
  for (mprof::StackId stack = 100; ids.size() <= ThreadParts::kMaxRows / 2; stack++) {
    ids.push_back(table.buckets().FindHeap(stack, kObject, table.overflow_stack()));
  }
  const BucketId own = ids.back();
  ids.pop_back();
  for (const ThreadId thread : {1, 2}) {
    for (const BucketId id : ids) count(thread, id, &BucketTable::CountAlloc);
  }
  const ThreadId owner = count(3, own, &BucketTable::CountAlloc);
  // What the two have counted is one thread's from here on.
  table.parts().End(1);
  table.parts().End(2);
  count(owner, own, &BucketTable::CountFree);
  const size_t rows = table.parts().Select(table.buckets(), BucketType::kHeap, 3).size();
  const auto main = table.parts().Select(table.buckets(), BucketType::kHeap, mprof::kMainThread);
  const ThreadId later = count(3, own, &BucketTable::CountAlloc);
  const auto part = table.parts().Select(table.buckets(), BucketType::kHeap, 3);
  std::printf("{\"owner\": %u, \"rows\": %zu, \"allocs\": %.0f, \"frees\": %.0f, \"later\": %u, \"inUse\": %.0f}\n", owner,
              rows, main.front().bucket.allocs, main.front().bucket.frees, later,
              part.front().bucket.allocs - part.front().bucket.frees);
}
