#ifndef MPROF_TURN_TRACKER_H_
#define MPROF_TURN_TRACKER_H_

#include <cstddef>
#include <memory>

#include "v8-array-buffer.h"
#include "v8-isolate.h"
#include "v8-local-handle.h"
#include "v8-object.h"
#include "v8-persistent-handle.h"

namespace mprof {

// Tells JavaScript where in a turn of the event loop it is: whenever the isolate's
// microtasks have run, the first, third and fourth double of a buffer are set to 0,
// and whenever a mark set among them is reached, the second one grows by 1.
//
// JavaScript sets the first one to 1 when it remembers something for the rest of the
// turn in the first two elements of an array, which are cleared at the end: no
// JavaScript runs then that could, and what is remembered could not be collected.
//
// Belongs to the isolate's thread, and lives as long as the environment: a mark that
// has not been reached refers to it.
class TurnTracker {
 public:
  explicit TurnTracker(v8::Isolate* isolate) : isolate_(isolate) {}
  TurnTracker(const TurnTracker&) = delete;
  TurnTracker& operator=(const TurnTracker&) = delete;

  void Start(std::shared_ptr<v8::BackingStore> cell, v8::Local<v8::Object> remembered);
  void Stop();
  // Sets a mark behind the microtasks that are queued now. Nobody else sees it.
  void Mark();

 private:
  static void OnMicrotasksCompleted(v8::Isolate* isolate, void* data);
  static void OnMark(void* data);

  double* cell() { return static_cast<double*>(cell_->Data()); }

  v8::Isolate* const isolate_;
  std::shared_ptr<v8::BackingStore> cell_;
  v8::Global<v8::Object> remembered_;
  // Not reached yet, and the ones among them from before the latest start.
  size_t marks_ = 0;
  size_t stale_marks_ = 0;
};

}  // namespace mprof

#endif  // MPROF_TURN_TRACKER_H_
