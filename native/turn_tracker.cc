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

void TurnTracker::OnMicrotasksCompleted(v8::Isolate*, void* data) {
  auto* tracker = static_cast<TurnTracker*>(data);
  *static_cast<double*>(tracker->cell_->Data()) = 0;
}

}  // namespace mprof
