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
}

void TurnTracker::Mark() { isolate_->EnqueueMicrotask(OnMark, this); }

void TurnTracker::OnMicrotasksCompleted(v8::Isolate* isolate, void* data) {
  auto* tracker = static_cast<TurnTracker*>(data);
  double* const cell = tracker->cell();
  if (cell[0] != 0) {
    const v8::HandleScope handles(isolate);
    const v8::Local<v8::Object> remembered = tracker->remembered_.Get(isolate);
    v8::Local<v8::Context> context;
    if (remembered->GetCreationContext().ToLocal(&context)) {
      for (uint32_t i = 0; i < 2; i++) {
        remembered->Set(context, i, v8::Undefined(isolate)).Check();
      }
    }
  }
  cell[0] = 0;
  cell[2] = 0;
}

void TurnTracker::OnMark(void* data) {
  auto* tracker = static_cast<TurnTracker*>(data);
  if (tracker->cell_ != nullptr) tracker->cell()[1] += 1;
}

}  // namespace mprof
