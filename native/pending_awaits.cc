#include "pending_awaits.h"

#include <algorithm>
#include <utility>

#include "v8-context.h"
#include "v8-primitive.h"

namespace mprof {

namespace {

bool IsPending(const v8::Local<v8::Promise>& promise) {
  return promise->State() == v8::Promise::kPending;
}

}  // namespace

PendingAwaits::PendingAwaits(v8::Isolate* isolate)
    : isolate_(isolate), random_(std::random_device()()) {}

void PendingAwaits::Start(v8::Local<v8::Object> ring, v8::Local<v8::Object> labels,
                          std::shared_ptr<v8::BackingStore> cell) {
  Stop();
  ring_.Reset(isolate_, ring);
  labels_.Reset(isolate_, labels);
  cell_ = std::move(cell);
  isolate_->AddGCPrologueCallback(OnGCPrologue, this);
}

void PendingAwaits::Stop() {
  if (cell_ == nullptr) return;
  isolate_->RemoveGCPrologueCallback(OnGCPrologue, this);
  ring_.Reset();
  labels_.Reset();
  cell_.reset();
  entries_.clear();
}

void PendingAwaits::OnGCPrologue(v8::Isolate*, v8::GCType, v8::GCCallbackFlags,
                                 void* data) {
  static_cast<PendingAwaits*>(data)->Collect();
}

void PendingAwaits::Collect() {
  if (cell_ == nullptr || cell(kNoted) == 0) return;
  const v8::HandleScope handles(isolate_);
  v8::Local<v8::Context> context;
  if (!ring_.Get(isolate_)->GetCreationContext().ToLocal(&context)) return;
  const auto noted = static_cast<uint32_t>(cell(kNoted));
  for (uint32_t at = 0; at < noted; at += 2) Add(context, at);
  cell(kNoted) = 0;
  AdaptRate();
}

void PendingAwaits::Add(v8::Local<v8::Context> context, uint32_t at) {
  const v8::HandleScope handles(isolate_);
  const v8::Local<v8::Object> ring = ring_.Get(isolate_);
  const v8::Local<v8::Value> nothing = v8::Undefined(isolate_);
  v8::Local<v8::Value> promise;
  v8::Local<v8::Value> waiter;
  v8::Local<v8::Value> labels;
  if (!ring->Get(context, at).ToLocal(&promise) ||
      !ring->Get(context, at + 1).ToLocal(&waiter) ||
      !labels_.Get(isolate_)->Get(context, at / 2).ToLocal(&labels) ||
      ring->Set(context, at, nothing).IsNothing() ||
      ring->Set(context, at + 1, nothing).IsNothing()) {
    return;
  }
  if (!promise->IsPromise() || !waiter->IsPromise()) return;
  const auto awaited = promise.As<v8::Promise>();
  const auto awaiting = waiter.As<v8::Promise>();
  // `await 1` seems to wait with a promise that is settled at once.
  if (!IsPending(awaited) || !IsPending(awaiting)) return;
  Entry entry;
  entry.promise.Reset(isolate_, awaited);
  entry.promise.SetWeak();
  entry.waiter.Reset(isolate_, awaiting);
  entry.waiter.SetWeak();
  if (labels->IsObject()) entry.labels.Reset(isolate_, labels);
  entry.weight = cell(kEvery);
  entries_.push_back(std::move(entry));
}

void PendingAwaits::DropSettled() {
  const v8::HandleScope handles(isolate_);
  const auto is_over = [&](const Entry& entry) {
    return entry.promise.IsEmpty() || entry.waiter.IsEmpty() ||
           !IsPending(entry.promise.Get(isolate_));
  };
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), is_over),
                 entries_.end());
}

void PendingAwaits::AdaptRate() {
  if (entries_.size() > kLimit) DropSettled();
  const double before = cell(kEvery);
  double every = before;
  while (entries_.size() > kLimit) {
    every *= 2;
    const auto is_left_out = [&](Entry& entry) {
      if (entry.weight >= every) return false;
      const double chance = entry.weight / every;
      entry.weight = every;
      return std::uniform_real_distribution<double>()(random_) >= chance;
    };
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(), is_left_out),
                   entries_.end());
  }
  if (every == before && every > 1 && entries_.size() < kLimit / 8) every /= 2;
  if (every == before) return;
  cell(kEvery) = every;
  // So that JavaScript notices.
  cell(kCountdown) = 0;
}

std::vector<PendingAwaits::Await> PendingAwaits::Take() {
  std::vector<Await> awaits;
  if (cell_ == nullptr) return awaits;
  Collect();
  DropSettled();
  for (const Entry& entry : entries_) {
    v8::Local<v8::Value> labels = v8::Undefined(isolate_);
    if (!entry.labels.IsEmpty()) labels = entry.labels.Get(isolate_);
    awaits.push_back(
        {entry.promise.Get(isolate_), entry.waiter.Get(isolate_), labels, entry.weight});
  }
  return awaits;
}

}  // namespace mprof
