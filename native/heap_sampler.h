#ifndef MPROF_HEAP_SAMPLER_H_
#define MPROF_HEAP_SAMPLER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "bucket_table.h"
#include "duration_histogram.h"
#include "gc_log.h"
#include "harvest_scheduler.h"
#include "profile_table.h"
#include "stack_mapper.h"
#include "threads.h"
#include "unseen_estimator.h"
#include "v8-isolate.h"
#include "v8-profiler.h"

namespace mprof {

// The collections in which objects die. By value where the name has changed
// between V8 versions: 1 << 1 is the minor mark-sweep (or mark-compact) one.
constexpr auto kCollections = static_cast<v8::GCType>(
    v8::kGCTypeScavenge | (1 << 1) | v8::kGCTypeMarkSweepCompact);

// The sampling heap profiler of one isolate, counting into the process's table.
//
// V8 forgets a sample when its object dies, which happens only inside a garbage
// collection. So the sampler is harvested right before a collection: what is
// there is everything sampled since the collection before it. Samples known
// from earlier and gone now have died.
//
// What a reader sees is the heap as of the last finished collection, as in Go:
//
//      harvest   GC 1   harvest   GC 2   harvest
//   ------|-------|--------|-------|--------|----->
//     a is new         a is there:     a is gone:
//     (pending)        published       counted as free
//
// A new sample is pending until a harvest after the next collection. If it is
// still there, it survived and is published as an allocation in use; if not, it
// is published as an allocation and a free at once. Garbage thus never shows as
// in use, and both halves of an object's life appear in order.
//
// Belongs to the isolate's thread.
class HeapSampler {
 public:
  struct Options {
    double rate;  // bytes between samples
    int stack_depth;
    double budget;  // share of CPU time for harvests
  };

  struct Stats {
    bool running;
    bool lost;
    size_t live_samples;
    uint64_t samples;
    double unseen;
    double attributed;
    uint64_t collections;
    uint64_t harvests;
    uint64_t skipped;
    int64_t harvest_nanos;
    int64_t harvest_copy_nanos;
    int64_t longest_harvest_nanos;
    int64_t p99_harvest_nanos;
    double harvest_chance;
    size_t bytes;
  };

  HeapSampler(v8::Isolate* isolate, ThreadId thread, ProfileTable& table);
  HeapSampler(const HeapSampler&) = delete;
  HeapSampler& operator=(const HeapSampler&) = delete;
  ~HeapSampler();

  // Starts sampling, anew if it is running. False when V8's one sampler per
  // isolate is in use by somebody else.
  bool Start(const Options& options);
  // Stops sampling. The profile stays what it was at the last finished
  // collection until the sampler is started again or destroyed.
  void Stop();
  // Stops, and counts what is in use as freed: nothing of the thread is left.
  void End();

  // Brings the table up to date with this isolate, for a reader.
  void Refresh();
  // The same right after a collection: all there is has survived it, and is
  // published. False where that cannot be done now, inside a harvest.
  bool HarvestSurvivors();
  // Runs a full garbage collection.
  void CollectGarbage();

  // Bytes between samples, as last started with; 0 before that.
  double rate() const { return rate_; }
  Stats GetStats() const;
  const GcLog& gc_log() const { return gc_log_; }

 private:
  struct LiveSample {
    BucketId bucket;
    uint32_t node_id;
    uint64_t size;
    // The number of collections before the sample was first seen.
    uint64_t born;
    // The harvest that saw it last.
    uint64_t seen;
    bool published;
    // Stands, should it die now, for others that die unseen.
    bool representative;
    // Whose allocation it was counted as: its death must be counted as the same one's.
    ThreadId owner = kMainThread;
  };
  struct NewSample {
    uint64_t id;
    uint64_t size;
    uint32_t node_id;
    // Older than a collection, as a sample after it has died, or as more have been
    // taken after it than can have been taken since that collection.
    bool survivor;
  };

  static void OnGCPrologue(v8::Isolate* isolate, v8::GCType type,
                           v8::GCCallbackFlags flags, void* data);
  static void OnGCEpilogue(v8::Isolate* isolate, v8::GCType type,
                           v8::GCCallbackFlags flags, void* data);

  bool sampling() const { return running_ && !lost_; }
  void BeforeCollection();
  // False if this collection is to be left out.
  bool HarvestIfDue();
  // `ends_run`: it is the last one of a run of the scheduler's.
  void Harvest(bool ends_run);
  // Reads V8's samples. False when they are not this sampler's.
  bool ReadSamples(std::vector<NewSample>* fresh);
  // How many of the samples can have been taken since the last collection.
  uint64_t MostPending() const;
  // Sorts by age and sets `survivor`; `last_id` is the youngest sample's id.
  static void MarkSurvivors(std::vector<NewSample>* fresh, uint64_t last_id,
                            uint64_t most_pending);
  void CountLiveSamples(ProfileTable::Lock& table);
  // Attributes what has died unseen to the buckets of these, which were born in
  // the window that the last run has observed.
  void CountUnseen(ProfileTable::Lock& table, const std::vector<LiveSample>& deaths);
  void AddSamples(ProfileTable::Lock& table, const std::vector<NewSample>& fresh);
  // Makes the allocation visible to readers.
  void Publish(ProfileTable::Lock& table, LiveSample* sample);
  // Nothing more will be known about the live samples: counts them as freed.
  void Retire();
  HeapObject ObjectOf(const LiveSample& sample) const { return {sample.size, rate_}; }

  v8::Isolate* const isolate_;
  const ThreadId thread_;
  ProfileTable& table_;
  StackMapper stack_mapper_;
  GcLog gc_log_;
  std::unique_ptr<HarvestScheduler> scheduler_;
  UnseenEstimator unseen_;

  bool running_ = false;
  // Somebody else has stopped, and perhaps restarted, the sampler.
  bool lost_ = false;
  bool in_harvest_ = false;
  bool collecting_ = false;
  double rate_ = 0;

  std::unordered_map<uint64_t, LiveSample> live_;
  uint64_t last_sample_id_ = 0;
  uint64_t harvest_number_ = 0;
  uint64_t collections_ = 0;
  // Collections nobody harvested since the last harvest, and what the heap held
  // after the last of them.
  uint64_t unobserved_ = 0;
  size_t used_after_collection_ = 0;
  // The last harvest ended a run, which had been started with this chance: the
  // samples that were new then represent those that go unseen.
  bool run_ended_ = false;
  double window_chance_ = 1;
  bool published_ = false;

  // Totals over all starts; of unseen samples, those up to the last one.
  double unseen_before_ = 0;
  double attributed_before_ = 0;
  uint64_t samples_ = 0;
  uint64_t harvests_ = 0;
  uint64_t skipped_ = 0;
  int64_t harvest_nanos_ = 0;
  // What V8 took to make its copy of the samples, and to release it, in the last
  // harvest and in all.
  int64_t copy_nanos_ = 0;
  int64_t harvest_copy_nanos_ = 0;
  int64_t longest_harvest_nanos_ = 0;
  DurationHistogram harvest_durations_;
};

}  // namespace mprof

#endif  // MPROF_HEAP_SAMPLER_H_
