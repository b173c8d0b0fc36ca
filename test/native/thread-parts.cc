// thread-parts ROWS: has threads count in buckets, at random, and end, with room for so many rows, and compares what is
// told of each with a simple model. The random numbers are the same in every run. JSON.

#include "../../native/thread_parts.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <utility>

namespace {

using mprof::Bucket;
using mprof::BucketId;
using mprof::BucketTable;
using mprof::BucketType;
using mprof::ThreadId;
using mprof::ThreadParts;

constexpr mprof::StackId kOverflow = 1000;
constexpr BucketType kTypes[] = {BucketType::kHeap, BucketType::kBlock, BucketType::kMutex};

// By thread and bucket: what the model has counted, in two of the counts.
using Model = std::map<std::pair<ThreadId, BucketId>, std::pair<double, double>>;

std::pair<double, double> CountsOf(const Bucket& bucket) {
  if (bucket.type == BucketType::kHeap) return {bucket.allocs - bucket.frees, bucket.alloc_bytes};
  return {bucket.count, bucket.delay};
}

bool IsClose(double a, double b) { return std::abs(a - b) <= 1e-6 * (1 + std::abs(b)); }

}  // namespace

int main(int, char** argv) {
  const auto limit = static_cast<size_t>(std::atoi(argv[1]));
  std::mt19937 random(1);
  const auto below = [&](uint32_t end) { return static_cast<uint32_t>(random() % end); };
  BucketTable table(1000);
  ThreadParts parts(limit);
  Model model;
  ThreadId first = 1;
  int compared = 0, wrong = 0;
  for (int step = 0; step < 20000; step++) {
    const ThreadId thread = below(4) == 0 ? 0 : first + below(3);
    const mprof::StackId stack = 1 + below(30);
    const uint32_t kind = below(3);
    BucketId id;
    Bucket change;
    if (kind == 0) {
      const mprof::HeapObject object = {8 + 8 * uint64_t{below(20)}, 512};
      id = table.FindHeap(stack, object, kOverflow);
      const Bucket before = table.buckets()[id];
      table.CountAlloc(id, object);
      if (below(2) == 0) table.CountFree(id, object);
      change = mprof::Difference(table.buckets()[id], before);
    } else {
      const mprof::Waits waits = {1 + below(10) / 3.0, 1e6 * below(1000) / 7.0};
      id = table.CountWait(kTypes[kind], stack, 0, waits, kOverflow);
      change = mprof::WaitsIn(table.buckets()[id], waits);
    }
    if (thread != mprof::kMainThread) parts.Add(thread, id, change);
    const auto [a, b] = CountsOf(change);
    auto& counted = model[{thread, id}];
    counted.first += a;
    counted.second += b;
    if (below(500) == 0) {
      // What it has counted is nobody's any more.
      parts.End(first);
      for (auto entry = model.begin(); entry != model.end();) {
        entry = entry->first.first == first ? model.erase(entry) : std::next(entry);
      }
      first++;
    }
    if (step % 100 != 99) continue;
    if (parts.rows() > limit) wrong++;
    // Sums over what is told of the live threads, and of the model.
    std::map<BucketId, std::pair<double, double>> told, expected;
    for (const ThreadId asked : {ThreadId{0}, first, first + 1, first + 2}) {
      for (const BucketType type : kTypes) {
        BucketId last = UINT32_MAX;
        for (const ThreadParts::Row& row : parts.Select(table, type, asked)) {
          if (row.id >= last || row.bucket.type != type) wrong++;
          last = row.id;
          const auto [one, other] = CountsOf(row.bucket);
          told[row.id].first += one;
          told[row.id].second += other;
          if (parts.lost() > 0) continue;
          compared++;
          const auto& known = model[{asked, row.id}];
          if (!IsClose(one, known.first) || !IsClose(other, known.second)) wrong++;
        }
      }
    }
    if (parts.lost() > 0) {
      // Whatever is in no part is the main thread's: nothing is counted twice, or not at all.
      for (const auto& [bucket, sums] : told) {
        const auto [one, other] = CountsOf(table.buckets()[bucket]);
        compared++;
        if (sums.first > one + 1e-6 || sums.second > other * (1 + 1e-9) + 1e-6) wrong++;
      }
      continue;
    }
    for (const auto& [key, sums] : model) {
      expected[key.second].first += sums.first;
      expected[key.second].second += sums.second;
    }
    for (const auto& [bucket, sums] : expected) {
      compared++;
      if (!IsClose(told[bucket].first, sums.first) || !IsClose(told[bucket].second, sums.second)) wrong++;
    }
  }
  std::printf("{\"compared\": %d, \"wrong\": %d, \"rows\": %zu, \"lost\": %llu}\n", compared, wrong, parts.rows(),
              static_cast<unsigned long long>(parts.lost()));
}
