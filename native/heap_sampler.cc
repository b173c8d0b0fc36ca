#include "heap_sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <unordered_set>

#include "clocks.h"

namespace mprof {

namespace {

// V8 counts as used what it has set aside to allocate in, a page at most: that may
// have been counted before a collection and be filled after it.
constexpr size_t kOpenArea = size_t{256} * 1024;

uint64_t RandomSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

size_t UsedHeapBytes(v8::Isolate* isolate) {
  v8::HeapStatistics statistics;
  isolate->GetHeapStatistics(&statistics);
  return statistics.used_heap_size();
}

// How many samples allocations of so many bytes take at most. Their number has
// Poisson's law with bytes / rate for its mean, or less, as an object has one at
// most; five standard deviations, and what makes up for the law's longer tail at
// small means, are exceeded in fewer than 3e-7 of all cases.
uint64_t MostSamples(double bytes, double rate) {
  const double mean = bytes / rate;
  return static_cast<uint64_t>(mean + 5 * std::sqrt(mean) + 5);
}

}  // namespace

HeapSampler::HeapSampler(v8::Isolate* isolate, ThreadId thread, ProfileTable& table)
    : isolate_(isolate), thread_(thread), table_(table), stack_mapper_(isolate) {}

HeapSampler::~HeapSampler() { End(); }

void HeapSampler::End() {
  Stop();
  Retire();
}

bool HeapSampler::Start(const Options& options) {
  Stop();
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
  run_ended_ = false;
  unseen_before_ += unseen_.unseen();
  attributed_before_ += unseen_.attributed();
  unseen_ = UnseenEstimator();
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
  for (auto& entry : live_) Publish(table, &entry.second);
}

bool HeapSampler::HarvestSurvivors() {
  if (in_harvest_) return false;
  if (!sampling()) return true;
  Harvest(false);
  ProfileTable::Lock table(table_);
  for (auto& entry : live_) Publish(table, &entry.second);
  return true;
}

void HeapSampler::CollectGarbage() {
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
  if (sampler->sampling() && sampler->unobserved_ > 0) {
    sampler->used_after_collection_ = UsedHeapBytes(sampler->isolate_);
  }
}

void HeapSampler::BeforeCollection() {
  gc_log_.Begin(MonotonicNanos());
  // A collection during a harvest must not start another: V8 cannot copy its
  // tree of samples twice at the same time.
  if (sampling() && !in_harvest_ && HarvestIfDue()) {
    harvests_++;
  } else {
    skipped_++;
    unobserved_++;
  }
  collections_++;
}

bool HeapSampler::HarvestIfDue() {
  if (collecting_) {
    // Somebody asked for this collection and pays for it.
    Harvest(false);
    return true;
  }
  const int64_t before = ThreadCpuNanos();
  if (!scheduler_->Next(before)) return false;
  Harvest(scheduler_->ends_run());
  const int64_t cost = ThreadCpuNanos() - before;
  scheduler_->Spent(cost);
  harvest_nanos_ += cost;
  harvest_copy_nanos_ += copy_nanos_;
  longest_harvest_nanos_ = std::max(longest_harvest_nanos_, cost);
  harvest_durations_.Add(cost);
  return true;
}

void HeapSampler::Harvest(bool ends_run) {
  const uint64_t last_before = last_sample_id_;
  std::vector<NewSample> fresh;
  in_harvest_ = true;
  lost_ = !ReadSamples(&fresh);
  in_harvest_ = false;
  if (lost_) return;

  const uint64_t taken = last_sample_id_ - last_before;
  samples_ += taken;
  unseen_.AddUnseen(static_cast<double>(taken - fresh.size()));
  ProfileTable::Lock table(table_);
  stack_mapper_.Intern(table);
  CountLiveSamples(table);
  // Without a collection that was left out since the last harvest, what is new
  // are all samples of one window.
  run_ended_ = ends_run && unobserved_ == 0;
  if (run_ended_) window_chance_ = scheduler_->chance_of_last_run();
  AddSamples(table, fresh);
  unobserved_ = 0;
}

bool HeapSampler::ReadSamples(std::vector<NewSample>* fresh) {
  const uint64_t most_pending = MostPending();
  v8::HandleScope handles(isolate_);
  const int64_t before_copy = ThreadCpuNanos();
  std::unique_ptr<v8::AllocationProfile> profile(
      isolate_->GetHeapProfiler()->GetAllocationProfile());
  copy_nanos_ = ThreadCpuNanos() - before_copy;
  if (profile == nullptr) return false;

  // Nothing is recorded before all of it is known to be this sampler's.
  uint64_t last_id = last_sample_id_;
  std::vector<LiveSample*> alive;
  for (const auto& sample : profile->GetSamples()) {
    if (sample.sample_id > last_sample_id_) {
      fresh->push_back({sample.sample_id, sample.size, sample.node_id, false});
      last_id = std::max(last_id, sample.sample_id);
      continue;
    }
    const auto known = live_.find(sample.sample_id);
    // An old id that is new, or is another object's: another sampler, which
    // counts from one again.
    if (known == live_.end() || known->second.node_id != sample.node_id ||
        known->second.size != sample.size) {
      return false;
    }
    alive.push_back(&known->second);
  }
  MarkSurvivors(fresh, last_id, most_pending);
  harvest_number_++;
  for (LiveSample* sample : alive) sample->seen = harvest_number_;
  last_sample_id_ = last_id;

  stack_mapper_.Trim();
  std::unordered_set<uint32_t> unknown_nodes;
  for (const NewSample& sample : *fresh) {
    if (!stack_mapper_.Knows(sample.node_id)) unknown_nodes.insert(sample.node_id);
  }
  stack_mapper_.Read(profile->GetRootNode(), std::move(unknown_nodes));
  const int64_t before_release = ThreadCpuNanos();
  profile.reset();
  copy_nanos_ += ThreadCpuNanos() - before_release;
  return true;
}

uint64_t HeapSampler::MostPending() const {
  if (unobserved_ == 0) return std::numeric_limits<uint64_t>::max();
  const size_t used = UsedHeapBytes(isolate_);
  const size_t grown = used - std::min(used, used_after_collection_);
  return MostSamples(static_cast<double>(grown + kOpenArea), rate_);
}

void HeapSampler::MarkSurvivors(std::vector<NewSample>* fresh, uint64_t last_id,
                                uint64_t most_pending) {
  std::sort(fresh->begin(), fresh->end(),
            [](const NewSample& a, const NewSample& b) { return a.id < b.id; });
  // From the youngest backwards, nothing is missing up to the last collection.
  uint64_t youngest_missing = last_id;
  auto sample = fresh->rbegin();
  while (sample != fresh->rend() && sample->id == youngest_missing &&
         last_id - sample->id < most_pending) {
    ++sample;
    youngest_missing--;
  }
  for (; sample != fresh->rend(); ++sample) sample->survivor = true;
}

void HeapSampler::CountLiveSamples(ProfileTable::Lock& table) {
  std::vector<LiveSample> representative_deaths;
  for (auto entry = live_.begin(); entry != live_.end();) {
    LiveSample& sample = entry->second;
    const bool alive = sample.seen == harvest_number_;
    if (!alive || sample.born < collections_) Publish(table, &sample);
    if (alive) {
      sample.representative = false;
      ++entry;
      continue;
    }
    table.Count(sample.owner, sample.bucket, [&](BucketTable& buckets) {
      buckets.CountFree(sample.bucket, ObjectOf(sample));
    });
    if (sample.representative) representative_deaths.push_back(sample);
    entry = live_.erase(entry);
  }
  if (run_ended_) CountUnseen(table, representative_deaths);
}

void HeapSampler::CountUnseen(ProfileTable::Lock& table,
                              const std::vector<LiveSample>& deaths) {
  std::vector<UnseenEstimator::Death> window;
  window.reserve(deaths.size());
  for (const LiveSample& sample : deaths) {
    const double objects = table.buckets().WeightOf(sample.bucket, ObjectOf(sample));
    window.push_back(
        {sample.bucket, objects, objects * static_cast<double>(sample.size)});
  }
  for (const auto& change : unseen_.AddWindow(window_chance_, window)) {
    table.Count(thread_, change.bucket, [&](BucketTable& buckets) {
      buckets.CountUnseen(change.bucket, change.objects, change.bytes, change.variance);
    });
  }
}

void HeapSampler::AddSamples(ProfileTable::Lock& table,
                             const std::vector<NewSample>& fresh) {
  for (const NewSample& sample : fresh) {
    const BucketId bucket = table.buckets().FindHeap(
        stack_mapper_.Find(sample.node_id).value_or(table.profiler_stack()),
        {sample.size, rate_}, table.overflow_stack());
    const auto entry =
        live_.emplace(sample.id,
                      LiveSample{bucket, sample.node_id, sample.size, collections_,
                                 harvest_number_, false, run_ended_});
    if (sample.survivor) Publish(table, &entry.first->second);
  }
}

void HeapSampler::Publish(ProfileTable::Lock& table, LiveSample* sample) {
  if (sample->published) return;
  sample->owner = table.Count(thread_, sample->bucket, [&](BucketTable& buckets) {
    buckets.CountAlloc(sample->bucket, ObjectOf(*sample));
  });
  sample->published = true;
  published_ = true;
}

void HeapSampler::Retire() {
  ProfileTable::Lock table(table_);
  for (auto& entry : live_) {
    LiveSample& sample = entry.second;
    Publish(table, &sample);
    table.Count(sample.owner, sample.bucket, [&](BucketTable& buckets) {
      buckets.CountFree(sample.bucket, ObjectOf(sample));
    });
  }
  live_.clear();
}

HeapSampler::Stats HeapSampler::GetStats() const {
  Stats stats;
  stats.running = running_;
  stats.lost = lost_;
  stats.live_samples = live_.size();
  stats.samples = samples_;
  stats.unseen = unseen_before_ + unseen_.unseen();
  stats.attributed = attributed_before_ + unseen_.attributed();
  stats.collections = collections_;
  stats.harvests = harvests_;
  stats.skipped = skipped_;
  stats.harvest_nanos = harvest_nanos_;
  stats.harvest_copy_nanos = harvest_copy_nanos_;
  stats.longest_harvest_nanos = longest_harvest_nanos_;
  stats.p99_harvest_nanos = harvest_durations_.Quantile(0.99);
  // A live sample is allocated by itself, in a list, and has up to two places in an
  // index.
  stats.bytes = stack_mapper_.bytes() + unseen_.bytes() +
                live_.size() * (sizeof(decltype(live_)::value_type) + 5 * sizeof(void*));
  stats.harvest_chance = scheduler_ == nullptr ? 1 : scheduler_->chance();
  return stats;
}

}  // namespace mprof
