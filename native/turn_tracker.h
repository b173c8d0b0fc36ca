#ifndef MPROF_TURN_TRACKER_H_
#define MPROF_TURN_TRACKER_H_

#include <memory>

#include "v8-array-buffer.h"
#include "v8-isolate.h"

namespace mprof {

// Tells JavaScript that a turn of the event loop is over: whenever the isolate's
// microtasks have run, the first double of a buffer is set to 0.
//
// Belongs to the isolate's thread.
class TurnTracker {
 public:
  explicit TurnTracker(v8::Isolate* isolate) : isolate_(isolate) {}
  TurnTracker(const TurnTracker&) = delete;
  TurnTracker& operator=(const TurnTracker&) = delete;

  void Start(std::shared_ptr<v8::BackingStore> cell);
  void Stop();

 private:
  static void OnMicrotasksCompleted(v8::Isolate* isolate, void* data);

  v8::Isolate* const isolate_;
  std::shared_ptr<v8::BackingStore> cell_;
};

}  // namespace mprof

#endif  // MPROF_TURN_TRACKER_H_
