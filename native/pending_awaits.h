#ifndef MPROF_PENDING_AWAITS_H_
#define MPROF_PENDING_AWAITS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "v8-array-buffer.h"
#include "v8-callbacks.h"
#include "v8-container.h"
#include "v8-isolate.h"
#include "v8-local-handle.h"
#include "v8-persistent-handle.h"
#include "v8-promise.h"
#include "v8-value.h"

namespace mprof {

// A bounded sample of the promises that are waited for. Nothing is kept alive for it.
//
// JavaScript notes promises in a list when the first wait for them begins, at the
// cost of storing them. The list is emptied when it is full and before every garbage
// collection, so that what it refers to could not have been collected meanwhile; most
// waits are over by then, and only the others get weak handles.
//
// Past the limit the sample is thinned: each promise stays with a probability, and
// then stands for as many. So does one that is noted from then on, when JavaScript
// notes only some. Sums of what they stand for are unbiased, as what chances there
// are never depends on which ones are in the sample.
//
// Belongs to the isolate's thread.
class PendingAwaits {
 public:
  static constexpr size_t kLimit = 256;

  struct Await {
    v8::Local<v8::Promise> promise;
    v8::Local<v8::Value> labels;
    double weight;
  };

  // Doubles of the cell that is shared with JavaScript.
  enum Cell : size_t {
    kCountdown,  // waits until the next one to be noted
    kNoted,      // elements of the list in use
    kEvery,      // one in so many is noted
  };

  explicit PendingAwaits(v8::Isolate* isolate);
  PendingAwaits(const PendingAwaits&) = delete;
  PendingAwaits& operator=(const PendingAwaits&) = delete;
  ~PendingAwaits() { Stop(); }

  // `list` has promises, `labels` something about each of them.
  void Start(v8::Local<v8::Array> list, v8::Local<v8::Array> labels,
             std::shared_ptr<v8::BackingStore> cell);
  void Stop();
  // Empties the list.
  void Collect();
  // The sample, up to date.
  std::vector<Await> Take();

 private:
  struct Entry {
    v8::Global<v8::Promise> promise;
    v8::Global<v8::Value> labels;
    double weight;
  };

  static void OnGCPrologue(v8::Isolate* isolate, v8::GCType type,
                           v8::GCCallbackFlags flags, void* data);
  void Add(v8::Local<v8::Context> context, uint32_t i);
  void DropSettled();
  // Makes room, or uses what there is.
  void AdaptRate();

  double& cell(Cell i) { return static_cast<double*>(cell_->Data())[i]; }

  v8::Isolate* const isolate_;
  std::mt19937_64 random_;
  v8::Global<v8::Array> list_;
  v8::Global<v8::Array> labels_;
  std::shared_ptr<v8::BackingStore> cell_;
  std::vector<Entry> entries_;
};

}  // namespace mprof

#endif  // MPROF_PENDING_AWAITS_H_
