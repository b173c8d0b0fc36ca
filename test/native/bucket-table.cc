// bucket-table SEED OPERATIONS: counts random objects and waits in tables of random limits, compares them with a list,
// and prints how many buckets there were and how many objects overflowed. JSON.

#include "../../native/bucket_table.h"

#include <map>
#include <tuple>
#include <vector>

#include "model.h"

namespace {

using mprof::Bucket;
using mprof::BucketId;
using mprof::BucketTable;
using mprof::BucketType;
using mprof::HeapObject;
using mprof::StackId;
using mprof::StringId;
using mprof::Waits;

constexpr StackId kOverflow = 1;
constexpr size_t kTypes = 3;

// Classes by their definition: eighths of the power of two below the size.
uint64_t ClassOf(uint64_t size) {
  if (size <= 16) return size;
  uint64_t power = 1;
  while (power * 2 < size) power *= 2;
  const uint64_t eighth = power / 8;
  uint64_t rounded = power;
  while (rounded < size) rounded += eighth;
  return rounded;
}

double WeightOf(const HeapObject& object, bool overflow) {
  if (!overflow || object.rate <= 1) return 1;
  return 1 / (1 - std::exp(-static_cast<double>(object.size) / object.rate));
}

using Key = std::tuple<BucketType, StackId, uint64_t, double, StringId>;

struct Expected {
  Key key;
  uint64_t first_size = 0;
  bool overflow = false;
  Bucket sums = {};
};

class Model {
 public:
  explicit Model(size_t max_buckets) : max_buckets_(max_buckets) {}

  BucketId FindHeap(StackId stack, const HeapObject& object) {
    return Find({BucketType::kHeap, stack, ClassOf(object.size), object.rate, 0}, object.size);
  }
  BucketId FindWaits(BucketType type, StackId stack, StringId labels) {
    return Find({type, stack, 0, 0, labels}, 0);
  }

  std::vector<Expected>& buckets() { return buckets_; }

 private:
  BucketId Find(const Key& key, uint64_t size) {
    const bool known = ids_.count(key) != 0;
    if (std::get<1>(key) != kOverflow && (known || buckets_.size() < max_buckets_)) return Have(key, size, false);
    return Have({std::get<0>(key), kOverflow, 0, 1, 0}, 0, true);
  }

  BucketId Have(const Key& key, uint64_t size, bool overflow) {
    const auto [entry, added] = ids_.emplace(key, static_cast<BucketId>(buckets_.size()));
    if (added) buckets_.push_back({key, size, overflow, {}});
    return entry->second;
  }

  const size_t max_buckets_;
  std::map<Key, BucketId> ids_;
  std::vector<Expected> buckets_;
};

void Compare(const Bucket& bucket, const Expected& expected) {
  const auto& [type, stack, size_class, rate, labels] = expected.key;
  CHECK(bucket.type == type && bucket.stack == stack && bucket.rate == rate && bucket.labels == labels);
  CHECK(bucket.size == expected.first_size);
  const Bucket& sums = expected.sums;
  CHECK(Near(bucket.allocs, sums.allocs) && Near(bucket.alloc_bytes, sums.alloc_bytes));
  CHECK(Near(bucket.frees, sums.frees) && Near(bucket.free_bytes, sums.free_bytes));
  CHECK(Near(bucket.unseen, sums.unseen) && Near(bucket.unseen_bytes, sums.unseen_bytes));
  CHECK(Near(bucket.variance, sums.variance));
  CHECK(Near(bucket.count, sums.count) && Near(bucket.delay, sums.delay));
}

struct Totals {
  uint64_t buckets = 0;
  uint64_t overflowed = 0;
};

Totals Run(Random& random, uint64_t operations) {
  const size_t max_buckets = random.Below(300);
  BucketTable table(max_buckets);
  Model model(max_buckets);
  uint64_t overflowed = 0;
  struct Live {
    BucketId bucket;
    HeapObject object;
  };
  std::vector<Live> live;
  for (uint64_t i = 0; i < operations; i++) {
    const auto stack = static_cast<StackId>(1 + random.Below(20));
    if (random.Happens(0.3)) {
      const BucketType type = random.Happens(0.5) ? BucketType::kBlock : BucketType::kMutex;
      const auto labels = static_cast<StringId>(random.Below(4));
      const Waits waits = {1 + static_cast<double>(random.Below(10)), static_cast<double>(random.Skewed(40))};
      table.CountWait(type, stack, labels, waits, kOverflow);
      Expected& expected = model.buckets()[model.FindWaits(type, stack, labels)];
      expected.sums.count += waits.count;
      expected.sums.delay += waits.delay;
      if (expected.overflow) overflowed++;
    } else if (live.empty() || random.Happens(0.6)) {
      static const double kRates[] = {1, 512, 524288};
      const HeapObject object = {1 + random.Skewed(30), kRates[random.Below(3)]};
      const BucketId id = table.FindHeap(stack, object, kOverflow);
      CHECK(id == model.FindHeap(stack, object));
      table.CountAlloc(id, object);
      Expected& expected = model.buckets()[id];
      const double weight = WeightOf(object, expected.overflow);
      CHECK(Near(table.WeightOf(id, object), weight));
      expected.sums.allocs += weight;
      expected.sums.alloc_bytes += weight * static_cast<double>(object.size);
      expected.sums.variance += weight * (weight - 1);
      if (expected.overflow) overflowed++;
      live.push_back({id, object});
    } else {
      const size_t place = random.Below(live.size());
      const Live dead = live[place];
      live[place] = live.back();
      live.pop_back();
      Bucket& sums = model.buckets()[dead.bucket].sums;
      if (random.Happens(0.8)) {
        table.CountFree(dead.bucket, dead.object);
        const double weight = WeightOf(dead.object, model.buckets()[dead.bucket].overflow);
        sums.frees += weight;
        sums.free_bytes += weight * static_cast<double>(dead.object.size);
      } else {
        const auto objects = static_cast<double>(random.Below(5));
        table.CountUnseen(dead.bucket, objects, 2 * objects, 3 * objects);
        sums.unseen += objects;
        sums.unseen_bytes += 2 * objects;
        sums.variance += 3 * objects;
      }
    }
  }
  // One more for each type that overflowed.
  CHECK(table.buckets().size() == model.buckets().size() && table.buckets().size() <= max_buckets + kTypes);
  size_t counts[kTypes] = {};
  for (size_t i = 0; i < table.buckets().size(); i++) {
    Compare(table.buckets()[i], model.buckets()[i]);
    counts[static_cast<size_t>(table.buckets()[i].type)]++;
  }
  for (size_t type = 0; type < kTypes; type++) CHECK(table.count(static_cast<BucketType>(type)) == counts[type]);
  CHECK(table.overflowed() == overflowed);
  return {table.buckets().size(), overflowed};
}

}  // namespace

int main(int, char** argv) {
  Random random(std::strtoull(argv[1], nullptr, 10));
  for (uint64_t size = 0; size < 100'000; size++) CHECK(BucketTable::SizeClass(size) == ClassOf(size));
  for (int i = 0; i < 100'000; i++) {
    const uint64_t size = random.Skewed(50);
    CHECK(BucketTable::SizeClass(size) == ClassOf(size));
  }
  Totals totals;
  const uint64_t operations = std::strtoull(argv[2], nullptr, 10);
  for (uint64_t done = 0; done < operations; done += 5000) {
    const Totals more = Run(random, 5000);
    totals.buckets += more.buckets;
    totals.overflowed += more.overflowed;
  }
  std::printf("{\"buckets\": %llu, \"overflowed\": %llu}\n", static_cast<unsigned long long>(totals.buckets),
              static_cast<unsigned long long>(totals.overflowed));
}
