#ifndef MPROF_NEAR_HEAP_LIMIT_H_
#define MPROF_NEAR_HEAP_LIMIT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "heap_sampler.h"
#include "v8-isolate.h"

namespace mprof {

// Writes the heap profile to a file when V8 reports that the heap of an isolate is
// near its limit: once, without running JavaScript. Afterwards V8 goes on as it would
// have: it asks the callback that was there before, such as that of a worker with
// resource limits, or ends the process.
//
// V8 reports it either after a collection, when it may be asked for its samples, or
// inside one, when it must not; then the epilogue of that collection is waited for,
// in which it may.
//
// Belongs to the isolate's thread.
class NearHeapLimit {
 public:
  struct Options {
    // Around the time in the file's name.
    std::string prefix;
    std::string suffix;
    // What the process runs, for the profile.
    std::string program;
    bool is_worker;
  };
  struct Stats {
    uint64_t written = 0;
    uint64_t failed = 0;
  };

  NearHeapLimit(v8::Isolate* isolate, HeapSampler& sampler)
      : isolate_(isolate), sampler_(sampler) {}
  NearHeapLimit(const NearHeapLimit&) = delete;
  NearHeapLimit& operator=(const NearHeapLimit&) = delete;
  ~NearHeapLimit() { Stop(); }

  void Start(const Options& options);
  // Not to be called in a callback of V8's.
  void Stop();

  const Stats& stats() const { return stats_; }

 private:
  static size_t OnLimit(void* data, size_t current_limit, size_t initial_limit);
  static void OnGCPrologue(v8::Isolate* isolate, v8::GCType type,
                           v8::GCCallbackFlags flags, void* data);
  static void OnGCEpilogue(v8::Isolate* isolate, v8::GCType type,
                           v8::GCCallbackFlags flags, void* data);

  void DumpIfDue();
  void Dump();
  // The limit that lets V8 go on.
  size_t Extended(size_t current_limit) const;
  void RemoveLimitCallback();

  v8::Isolate* const isolate_;
  HeapSampler& sampler_;
  Options options_;
  Stats stats_;
  bool watches_collections_ = false;
  bool waits_for_limit_ = false;
  // Collections under way, one inside the callbacks of another.
  int collections_ = 0;
  bool due_ = false;
  bool dumping_ = false;
  // Of the old generation when it was reported, in bytes.
  size_t limit_ = 0;
};

}  // namespace mprof

#endif  // MPROF_NEAR_HEAP_LIMIT_H_
