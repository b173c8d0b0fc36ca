#ifndef MPROF_PENDING_AWAITS_H_
#define MPROF_PENDING_AWAITS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "v8-array-buffer.h"
#include "v8-callbacks.h"
#include "v8-isolate.h"
#include "v8-local-handle.h"
#include "v8-object.h"
#include "v8-persistent-handle.h"
#include "v8-promise.h"

namespace mprof {

// A bounded sample of the awaits that are under way: which promise is waited for,
// by which promise. Nothing is kept alive for it.
//
// JavaScript notes waits in a ring as they begin, at the cost of storing them. The
// ring is emptied when it is full and before every garbage collection, so that what
// it refers to could not have been collected meanwhile; most waits are over by then,
// and only the others get weak handles.
//
// Past the limit the sample is thinned: each wait stays with a probability, and then
// stands for as many. So does a wait that is noted from then on, of which JavaScript
// notes only some. Sums of what the waits stand for are unbiased, as what chances
// there are never depends on which waits are in the sample.
//
// Belongs to the isolate's thread.
class PendingAwaits {
 public:
  static constexpr size_t kLimit = 512;

  struct Await {
    v8::Local<v8::Promise> promise;
    v8::Local<v8::Promise> waiter;
    v8::Local<v8::Value> labels;
    double weight;
  };

  // Doubles of the cell that is shared with JavaScript.
  enum Cell : size_t {
    kCountdown,  // waits until the next one to be noted
    kNoted,      // elements of the ring in use
    kEvery,      // one wait in so many is noted
  };

  explicit PendingAwaits(v8::Isolate* isolate);
  PendingAwaits(const PendingAwaits&) = delete;
  PendingAwaits& operator=(const PendingAwaits&) = delete;
  ~PendingAwaits() { Stop(); }

  // `ring` has a promise and the one that waits for it in turn, `labels` something
  // about each of these pairs.
  void Start(v8::Local<v8::Object> ring, v8::Local<v8::Object> labels,
             std::shared_ptr<v8::BackingStore> cell);
  void Stop();
  // Empties the ring.
  void Collect();
  // The sample, up to date.
  std::vector<Await> Take();

 private:
  struct Entry {
    v8::Global<v8::Promise> promise;
    v8::Global<v8::Promise> waiter;
    v8::Global<v8::Value> labels;
    double weight;
  };

  static void OnGCPrologue(v8::Isolate* isolate, v8::GCType type,
                           v8::GCCallbackFlags flags, void* data);
  void Add(v8::Local<v8::Context> context, uint32_t at);
  void DropSettled();
  // Makes room, or uses what there is.
  void AdaptRate();

  double& cell(Cell i) { return static_cast<double*>(cell_->Data())[i]; }

  v8::Isolate* const isolate_;
  std::mt19937_64 random_;
  v8::Global<v8::Object> ring_;
  v8::Global<v8::Object> labels_;
  std::shared_ptr<v8::BackingStore> cell_;
  std::vector<Entry> entries_;
};

}  // namespace mprof

#endif  // MPROF_PENDING_AWAITS_H_
