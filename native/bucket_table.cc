#include "bucket_table.h"

#include <cmath>
#include <cstring>

#include "hash.h"

namespace mprof {

namespace {

// The rate of a bucket whose counts are estimates already.
constexpr double kUnsampled = 1;

// The probability that an object is sampled: the sampler is a Poisson process
// over the bytes allocated, with one event every `rate` bytes on average.
double SampleProbability(const HeapObject& object) {
  if (object.rate <= kUnsampled) return 1;
  return -std::expm1(-static_cast<double>(object.size) / object.rate);
}

}  // namespace

uint64_t BucketTable::SizeClass(uint64_t size) {
  uint64_t step = 1;
  while ((size - 1) / step >= 16) step *= 2;
  return size == 0 ? 0 : (size + step - 1) / step * step;
}

size_t BucketTable::HashOf(const Key& key) {
  uint64_t rate_bits = 0;
  std::memcpy(&rate_bits, &key.rate, sizeof(rate_bits));
  const uint64_t place = (uint64_t{key.stack} << 8) | static_cast<uint8_t>(key.type);
  const uint64_t sampled = Combine64(Combine64(Mix64(place), key.size_class), rate_bits);
  return static_cast<size_t>(Combine64(sampled, key.labels));
}

BucketTable::Key BucketTable::KeyOf(const Bucket& bucket) {
  return {bucket.type, bucket.stack, SizeClass(bucket.size), bucket.rate, bucket.labels};
}

std::optional<BucketId> BucketTable::FindKey(const Key& key) const {
  return ids_.Find(HashOf(key), [&](BucketId id) { return KeyOf(buckets_[id]) == key; });
}

BucketId BucketTable::FindHeap(StackId stack, const HeapObject& object,
                               StackId overflow_stack) {
  const Key key = {BucketType::kHeap, stack, SizeClass(object.size), object.rate, 0};
  return Find(key, object.size, overflow_stack);
}

BucketId BucketTable::Find(const Key& key, uint64_t size, StackId overflow_stack) {
  if (key.stack == overflow_stack) return FindOverflow(key.type, overflow_stack);
  if (const std::optional<BucketId> known = FindKey(key)) return *known;
  if (buckets_.size() >= max_buckets_) return FindOverflow(key.type, overflow_stack);
  return Add(key, size);
}

BucketId BucketTable::FindOverflow(BucketType type, StackId overflow_stack) {
  const Key key = {type, overflow_stack, 0, kUnsampled, 0};
  const std::optional<BucketId> known = FindKey(key);
  return known ? *known : Add(key, 0);
}

BucketId BucketTable::Add(const Key& key, uint64_t size) {
  const auto id = static_cast<BucketId>(buckets_.size());
  buckets_.push_back({key.type, key.stack, size, key.rate, key.labels});
  ids_.Add(HashOf(key), id, [this](BucketId row) { return HashOf(KeyOf(buckets_[row])); });
  counts_[static_cast<size_t>(key.type)]++;
  return id;
}

double BucketTable::WeightIn(const Bucket& bucket, const HeapObject& object) {
  return IsOverflow(bucket) ? 1 / SampleProbability(object) : 1;
}

void BucketTable::CountAlloc(BucketId id, const HeapObject& object) {
  Bucket& bucket = buckets_[id];
  const double weight = WeightIn(bucket, object);
  bucket.allocs += weight;
  bucket.alloc_bytes += weight * static_cast<double>(object.size);
  // n sampled objects of probability p stand for n / p, with variance
  // n (1 - p) / p^2. Where counts are not yet scaled, that is the reader's.
  bucket.variance += weight * (weight - 1);
  if (IsOverflow(bucket)) overflowed_++;
}

void BucketTable::CountFree(BucketId id, const HeapObject& object) {
  Bucket& bucket = buckets_[id];
  const double weight = WeightIn(bucket, object);
  bucket.frees += weight;
  bucket.free_bytes += weight * static_cast<double>(object.size);
}

double BucketTable::WeightOf(BucketId id, const HeapObject& object) const {
  return WeightIn(buckets_[id], object);
}

void BucketTable::CountUnseen(BucketId id, double objects, double bytes,
                              double variance) {
  Bucket& bucket = buckets_[id];
  bucket.unseen += objects;
  bucket.unseen_bytes += bytes;
  bucket.variance += variance;
}

BucketId BucketTable::CountWait(BucketType type, StackId stack, StringId labels,
                                const Waits& waits, StackId overflow_stack) {
  const BucketId id = Find({type, stack, 0, 0, labels}, 0, overflow_stack);
  Bucket& bucket = buckets_[id];
  bucket.count += waits.count;
  bucket.delay += waits.delay;
  if (bucket.stack == overflow_stack) overflowed_++;
  return id;
}

}  // namespace mprof
