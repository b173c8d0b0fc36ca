#include "turn_tracker.h"

#include <utility>

namespace mprof {

void TurnTracker::Start(std::shared_ptr<v8::BackingStore> cell) {
  Stop();
  cell_ = std::move(cell);
  isolate_->AddMicrotasksCompletedCallback(OnMicrotasksCompleted, this);
}

void TurnTracker::Stop() {
  if (cell_ == nullptr) return;
  isolate_->RemoveMicrotasksCompletedCallback(OnMicrotasksCompleted, this);
  cell_.reset();
}

void TurnTracker::Mark() { isolate_->EnqueueMicrotask(OnMark, this); }

void TurnTracker::OnMicrotasksCompleted(v8::Isolate*, void* data) {
  double* const cell = static_cast<TurnTracker*>(data)->cell();
  cell[0] = 0;
  cell[2] = 0;
}

void TurnTracker::OnMark(void* data) {
  auto* tracker = static_cast<TurnTracker*>(data);
  if (tracker->cell_ != nullptr) tracker->cell()[1] += 1;
}

}  // namespace mprof
