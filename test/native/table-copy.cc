// table-copy SEED OPERATIONS: fills the profile's tables from several threads and reads them at the same time; what is
// copied must be what one lock after another has seen. Prints what there was at the end. JSON.

#include "../../native/table_copy.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "model.h"

namespace {

using mprof::BucketId;
using mprof::BucketType;
using mprof::FrameId;
using mprof::ProfileTable;
using mprof::StackId;

constexpr int kThreads = 3;
constexpr uint32_t kNames = 12;
constexpr double kRate = 512;

// The number of the function is its line, so that a copied frame can be told from another.
StackId InternRandomStack(ProfileTable::Lock& table, Random& random) {
  StackId stack = mprof::StackTable::kRoot;
  for (uint64_t depth = 1 + random.Below(6); depth > 0; depth--) {
    const auto number = static_cast<uint32_t>(random.Below(kNames));
    const auto frame = table.stacks().InternFrame("function " + std::to_string(number), "file", {number, 1, number});
    const auto extended = frame ? table.stacks().Extend(stack, *frame) : std::nullopt;
    if (!extended) return table.overflow_stack();
    stack = *extended;
  }
  return stack;
}

struct Filled {
  uint64_t objects = 0;
  uint64_t waits = 0;
};

Filled Fill(ProfileTable& profile, uint64_t seed, uint64_t operations) {
  Random random(seed);
  Filled filled;
  for (uint64_t i = 0; i < operations; i++) {
    ProfileTable::Lock table(profile);
    const StackId stack = InternRandomStack(table, random);
    if (random.Happens(0.5)) {
      const mprof::HeapObject object = {1 + random.Below(1000), kRate};
      const BucketId id = table.buckets().FindHeap(stack, object, table.overflow_stack());
      table.buckets().CountAlloc(id, object);
      filled.objects++;
      if (random.Happens(0.5)) table.buckets().CountFree(id, object);
    } else {
      table.buckets().CountWait(BucketType::kBlock, stack, 0, {1, 10}, table.overflow_stack());
      filled.waits++;
    }
  }
  return filled;
}

struct Heap {
  explicit Heap(size_t rows)
      : bucket(rows), stack(rows), size(rows), rate(rows), allocs(rows), frees(rows), alloc_bytes(rows),
        free_bytes(rows), unseen(rows), unseen_bytes(rows), variance(rows) {}

  mprof::HeapColumns columns() {
    return {bucket.data(), stack.data(), size.data(), rate.data(), allocs.data(), frees.data(),
            alloc_bytes.data(), free_bytes.data(), unseen.data(), unseen_bytes.data(), variance.data()};
  }

  std::vector<uint32_t> bucket, stack;
  std::vector<double> size, rate, allocs, frees, alloc_bytes, free_bytes, unseen, unseen_bytes, variance;
};

Heap ReadHeap(ProfileTable& profile) {
  ProfileTable::Lock table(profile);
  const mprof::BucketRange range = AllBuckets(table, BucketType::kHeap);
  Heap heap(range.rows);
  CopyHeapBuckets(table, range, heap.columns());
  for (size_t row = 0; row < range.rows; row++) {
    const mprof::Bucket& bucket = table.buckets().buckets()[heap.bucket[row]];
    CHECK(bucket.type == BucketType::kHeap && bucket.stack == heap.stack[row]);
    CHECK(bucket.allocs == heap.allocs[row] && bucket.frees == heap.frees[row] && bucket.rate == heap.rate[row]);
    CHECK(bucket.alloc_bytes == heap.alloc_bytes[row] && bucket.free_bytes == heap.free_bytes[row]);
    CHECK(static_cast<double>(bucket.size) == heap.size[row] && bucket.variance == heap.variance[row]);
    CHECK(heap.unseen[row] == 0 && heap.unseen_bytes[row] == 0);
    CHECK(row == 0 || heap.bucket[row] < heap.bucket[row - 1]);
  }
  return heap;
}

// Frames and strings are copied in pieces, between which others may fill the tables.
void CheckStacks(ProfileTable& profile, const std::vector<uint32_t>& stacks, Random& random) {
  std::vector<uint32_t> start(stacks.size() + 1);
  std::vector<uint32_t> frames;
  const auto in_pieces = [&](size_t rows, auto copy) {
    for (size_t from = 0; from < rows;) {
      const size_t to = std::min(rows, from + 1 + random.Below(50));
      ProfileTable::Lock table(profile);
      copy(table, mprof::Range{from, to});
      from = to;
    }
  };
  in_pieces(stacks.size(), [&](auto& table, auto range) { MeasureStacks(table, stacks.data(), range, start.data()); });
  frames.resize(start.back());
  in_pieces(stacks.size(),
            [&](auto& table, auto range) { CopyStacks(table, stacks.data(), range, start.data(), frames.data()); });
  const size_t count = frames.size();
  std::vector<uint32_t> name(count), file(count), line(count), column(count), start_line(count);
  std::vector<double> address(count);
  const mprof::FrameColumns columns = {name.data(), file.data(), line.data(), column.data(), start_line.data(), address.data()};
  in_pieces(count, [&](auto& table, auto range) { CopyFrames(table, frames.data(), range, columns); });
  std::vector<uint32_t> text_start(count + 1);
  in_pieces(count, [&](auto& table, auto range) { MeasureStrings(table, name.data(), range, text_start.data()); });
  std::vector<uint8_t> bytes(text_start.back());
  in_pieces(count, [&](auto& table, auto range) {
    CopyStrings(table, name.data(), range, text_start.data(), bytes.data());
  });
  std::map<std::string, double> addresses;
  for (size_t i = 0; i < count; i++) {
    const std::string text(bytes.begin() + text_start[i], bytes.begin() + text_start[i + 1]);
    CHECK(addresses.emplace(text, address[i]).first->second == address[i]);
    if (text == "(overflow)") continue;
    CHECK(text == "function " + std::to_string(line[i]) && start_line[i] == line[i] && column[i] == 1);
  }
  for (size_t i = 0; i < stacks.size(); i++) CHECK(start[i + 1] - start[i] >= 1 && start[i + 1] - start[i] <= 6);
}

}  // namespace

int main(int, char** argv) {
  const uint64_t seed = std::strtoull(argv[1], nullptr, 10);
  const uint64_t operations = std::strtoull(argv[2], nullptr, 10);
  Random random(seed);
  mprof::StackTable::Limits limits;
  limits.nodes = 20'000;
  ProfileTable profile(limits, 5000);
  std::vector<std::thread> threads;
  std::array<Filled, kThreads> filled;
  std::atomic<int> running = kThreads;
  for (size_t number = 0; number < kThreads; number++) {
    threads.emplace_back([&, number] {
      filled[number] = Fill(profile, seed + 1 + number, operations);
      running--;
    });
  }
  uint64_t reads = 0;
  do {
    CheckStacks(profile, ReadHeap(profile).stack, random);
    reads++;
  } while (running > 0);
  for (std::thread& thread : threads) thread.join();

  // Nothing that was counted is missing, whether there was room for it or not.
  Filled all;
  for (const Filled& one : filled) {
    all.objects += one.objects;
    all.waits += one.waits;
  }
  const Heap heap = ReadHeap(profile);
  double objects = 0;
  for (size_t row = 0; row < heap.allocs.size(); row++) {
    if (heap.rate[row] == kRate) objects += heap.allocs[row];
  }
  ProfileTable::Lock table(profile);
  const mprof::BucketRange range = AllBuckets(table, BucketType::kBlock);
  std::vector<uint32_t> bucket(range.rows), stack(range.rows), labels(range.rows);
  std::vector<double> count(range.rows), delay(range.rows);
  CopyWaitBuckets(table, range, {bucket.data(), stack.data(), labels.data(), count.data(), delay.data()});
  double waits = 0, overflowed_waits = 0;
  for (size_t row = 0; row < range.rows; row++) {
    CHECK(delay[row] == 10 * count[row] && labels[row] == 0);
    waits += count[row];
    if (stack[row] == table.overflow_stack()) overflowed_waits += count[row];
  }
  const uint64_t overflowed = table.buckets().overflowed();
  CHECK(waits == static_cast<double>(all.waits));
  CHECK(objects + static_cast<double>(overflowed) - overflowed_waits == static_cast<double>(all.objects));
  std::printf("{\"reads\": %llu, \"buckets\": %zu, \"overflowed\": %llu}\n",
              static_cast<unsigned long long>(reads), heap.allocs.size() + range.rows,
              static_cast<unsigned long long>(overflowed));
}
