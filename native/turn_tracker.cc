#include "turn_tracker.h"

#include <utility>

#include "v8-context.h"
#include "v8-primitive.h"

namespace mprof {

void TurnTracker::Start(std::shared_ptr<v8::BackingStore> cell,
                        v8::Local<v8::Object> remembered) {
  Stop();
  cell_ = std::move(cell);
  remembered_.Reset(isolate_, remembered);
  isolate_->AddMicrotasksCompletedCallback(OnMicrotasksCompleted, this);
}

void TurnTracker::Stop() {
  if (cell_ == nullptr) return;
  isolate_->RemoveMicrotasksCompletedCallback(OnMicrotasksCompleted, this);
  cell_.reset();
  remembered_.Reset();
  stale_marks_ += marks_;
  marks_ = 0;
}

void TurnTracker::Mark() {
  if (cell_ == nullptr) return;
  marks_++;
  isolate_->EnqueueMicrotask(OnMark, this);
}

void TurnTracker::OnMicrotasksCompleted(v8::Isolate* isolate, void* data) {
  auto* tracker = static_cast<TurnTracker*>(data);
  double* const cell = tracker->cell();
  if (cell[0] != 0) {
    const v8::HandleScope handles(isolate);
    const v8::Local<v8::Object> remembered = tracker->remembered_.Get(isolate);
    v8::Local<v8::Context> context;
    if (remembered->GetCreationContext().ToLocal(&context)) {
      for (uint32_t i = 0; i < 2; i++) {
        // Nothing when the thread is being terminated.
        if (remembered->Set(context, i, v8::Undefined(isolate)).IsNothing()) break;
      }
    }
  }
  cell[0] = 0;
  cell[2] = 0;
  cell[3] = 0;
}

void TurnTracker::OnMark(void* data) {
  auto* tracker = static_cast<TurnTracker*>(data);
  // Marks are reached in the order in which they were set, and those from before
  // the start mean nothing any more.
  if (tracker->stale_marks_ > 0) {
    tracker->stale_marks_--;
    return;
  }
  tracker->marks_--;
  tracker->cell()[1] += 1;
}

}  // namespace mprof
