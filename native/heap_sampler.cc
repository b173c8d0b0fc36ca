#include "heap_sampler.h"

#include <algorithm>
#include <random>
#include <unordered_set>

#include "clocks.h"

namespace mprof {

namespace {

// The collections in which objects die. By value where the name has changed
// between V8 versions: 1 << 1 is the minor mark-sweep (or mark-compact) one.
constexpr auto kCollections = static_cast<v8::GCType>(
    v8::kGCTypeScavenge | (1 << 1) | v8::kGCTypeMarkSweepCompact);

uint64_t RandomSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

}  // namespace

HeapSampler::HeapSampler(v8::Isolate* isolate, ProfileTable& table)
    : isolate_(isolate), table_(table), stack_mapper_(isolate) {}

HeapSampler::~HeapSampler() {
  Stop();
  Retire();
}

bool HeapSampler::Start(const Options& options) {
  const bool started = isolate_->GetHeapProfiler()->StartSamplingHeapProfiler(
      static_cast<uint64_t>(options.rate), options.stack_depth);
  if (!started) return false;
  Retire();
  rate_ = options.rate;
  scheduler_ = std::make_unique<HarvestScheduler>(options.budget, RandomSeed(),
                                                  ThreadCpuNanos());
  stack_mapper_.ForgetNodes();
  last_sample_id_ = 0;
  unobserved_ = 0;
  published_ = false;
  lost_ = false;
  running_ = true;
  isolate_->AddGCPrologueCallback(OnGCPrologue, this, kCollections);
  isolate_->AddGCEpilogueCallback(OnGCEpilogue, this, kCollections);
  return true;
}

void HeapSampler::Stop() {
  if (!running_) return;
  Refresh();
  isolate_->RemoveGCPrologueCallback(OnGCPrologue, this);
  isolate_->RemoveGCEpilogueCallback(OnGCEpilogue, this);
  if (!lost_) isolate_->GetHeapProfiler()->StopSamplingHeapProfiler();
  running_ = false;
}

void HeapSampler::Refresh() {
  if (!sampling() || in_harvest_) return;
  Harvest(false);
  if (published_) return;
  // As long as no collection has published anything, a reader sees everything;
  // once, as in Go.
  ProfileTable::Lock table(table_);
  for (auto& entry : live_) Publish(table.buckets(), &entry.second);
}

void HeapSampler::CollectGarbage() {
  // What is sampled by now is seen whether or not the scheduler has the
  // collection harvested.
  if (sampling()) Harvest(false);
  collecting_ = true;
  isolate_->LowMemoryNotification();
  collecting_ = false;
}

void HeapSampler::OnGCPrologue(v8::Isolate*, v8::GCType, v8::GCCallbackFlags,
                               void* data) {
  static_cast<HeapSampler*>(data)->BeforeCollection();
}

void HeapSampler::OnGCEpilogue(v8::Isolate*, v8::GCType, v8::GCCallbackFlags,
                               void* data) {
  auto* sampler = static_cast<HeapSampler*>(data);
  sampler->gc_log_.End(MonotonicNanos(), WallNanos(), sampler->collecting_);
}

void HeapSampler::BeforeCollection() {
  gc_log_.Begin(MonotonicNanos());
  const int64_t before = ThreadCpuNanos();
  // A collection during a harvest must not start another: V8 cannot copy its
  // tree of samples twice at the same time.
  if (sampling() && !in_harvest_ && scheduler_->Next(before)) {
    Harvest(scheduler_->ends_run());
    const int64_t cost = ThreadCpuNanos() - before;
    scheduler_->Spent(cost);
    harvests_++;
    harvest_nanos_ += cost;
    longest_harvest_nanos_ = std::max(longest_harvest_nanos_, cost);
  } else {
    skipped_++;
    unobserved_++;
  }
  collections_++;
}

void HeapSampler::Harvest(bool ends_run) {
  const uint64_t last_before = last_sample_id_;
  std::vector<NewSample> fresh;
  in_harvest_ = true;
  lost_ = !ReadSamples(&fresh);
  in_harvest_ = false;
  if (lost_) return;

  const bool representative = ends_run && unobserved_ == 0;
  {
    ProfileTable::Lock table(table_);
    stack_mapper_.Intern(table);
    CountLiveSamples(table);
    AddSamples(table, fresh, representative);
  }
  if (representative) representative_chance_ = scheduler_->chance_of_last_run();
  const uint64_t taken = last_sample_id_ - last_before;
  const uint64_t unseen = taken - fresh.size();
  if (unobserved_ != 0 || unseen != 0) unseen_.AddUnseen(static_cast<double>(unseen));
  samples_ += taken;
  unobserved_ = 0;
}

bool HeapSampler::ReadSamples(std::vector<NewSample>* fresh) {
  v8::HandleScope handles(isolate_);
  const std::unique_ptr<v8::AllocationProfile> profile(
      isolate_->GetHeapProfiler()->GetAllocationProfile());
  if (profile == nullptr) return false;

  // Nothing is recorded before all of it is known to be this sampler's.
  uint64_t last_id = last_sample_id_;
  std::vector<LiveSample*> alive;
  for (const auto& sample : profile->GetSamples()) {
    if (sample.sample_id > last_sample_id_) {
      fresh->push_back({sample.sample_id, sample.size, sample.node_id});
      last_id = std::max(last_id, sample.sample_id);
      continue;
    }
    const auto known = live_.find(sample.sample_id);
    // An old id never seen before: another sampler, which counts from one.
    if (known == live_.end()) return false;
    alive.push_back(&known->second);
  }
  harvest_number_++;
  for (LiveSample* sample : alive) sample->seen = harvest_number_;
  last_sample_id_ = last_id;

  std::unordered_set<uint32_t> unknown_nodes;
  for (const NewSample& sample : *fresh) {
    if (!stack_mapper_.Knows(sample.node_id)) unknown_nodes.insert(sample.node_id);
  }
  stack_mapper_.Read(profile->GetRootNode(), std::move(unknown_nodes));
  return true;
}

void HeapSampler::CountLiveSamples(ProfileTable::Lock& table) {
  BucketTable& buckets = table.buckets();
  const double weight = unseen_.WeightOfDeath(representative_chance_);
  for (auto entry = live_.begin(); entry != live_.end();) {
    LiveSample& sample = entry->second;
    const HeapObject object = ObjectOf(sample);
    const bool alive = sample.seen == harvest_number_;
    if (!alive || sample.born < collections_) Publish(buckets, &sample);
    if (alive) {
      sample.representative = false;
      ++entry;
      continue;
    }
    buckets.CountFrees(sample.bucket, object, 1);
    if (sample.representative && weight > 0) {
      buckets.CountAllocs(sample.bucket, object, weight, weight * (weight + 1));
      buckets.CountFrees(sample.bucket, object, weight);
      unseen_.AddAttributed(weight);
    }
    entry = live_.erase(entry);
  }
}

void HeapSampler::AddSamples(ProfileTable::Lock& table,
                             const std::vector<NewSample>& fresh,
                             bool representative) {
  for (const NewSample& sample : fresh) {
    const BucketId bucket = table.buckets().Find(
        BucketType::kHeap, stack_mapper_.Find(sample.node_id, table.overflow_stack()),
        {sample.size, rate_}, table.overflow_stack());
    live_.emplace(sample.id, LiveSample{bucket, sample.size, collections_,
                                        harvest_number_, false, representative});
  }
}

void HeapSampler::Publish(BucketTable& buckets, LiveSample* sample) {
  if (sample->published) return;
  buckets.CountAllocs(sample->bucket, ObjectOf(*sample), 1, 0);
  sample->published = true;
  published_ = true;
}

void HeapSampler::Retire() {
  ProfileTable::Lock table(table_);
  for (auto& entry : live_) {
    LiveSample& sample = entry.second;
    Publish(table.buckets(), &sample);
    table.buckets().CountFrees(sample.bucket, ObjectOf(sample), 1);
  }
  live_.clear();
}

HeapSampler::Stats HeapSampler::GetStats() const {
  Stats stats;
  stats.running = running_;
  stats.lost = lost_;
  stats.live_samples = live_.size();
  stats.samples = samples_;
  stats.unseen = unseen_.unseen();
  stats.attributed = unseen_.attributed();
  stats.collections = collections_;
  stats.harvests = harvests_;
  stats.skipped = skipped_;
  stats.harvest_nanos = harvest_nanos_;
  stats.longest_harvest_nanos = longest_harvest_nanos_;
  stats.harvest_chance = scheduler_ == nullptr ? 1 : scheduler_->chance();
  return stats;
}

}  // namespace mprof
