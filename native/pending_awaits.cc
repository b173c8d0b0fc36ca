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

void PendingAwaits::Start(v8::Local<v8::Array> list, v8::Local<v8::Array> labels,
                          std::shared_ptr<v8::BackingStore> cell) {
  Stop();
  list_.Reset(isolate_, list);
  labels_.Reset(isolate_, labels);
  cell_ = std::move(cell);
  isolate_->AddGCPrologueCallback(OnGCPrologue, this);
}

void PendingAwaits::Stop() {
  if (cell_ == nullptr) return;
  isolate_->RemoveGCPrologueCallback(OnGCPrologue, this);
  list_.Reset();
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
  const v8::Local<v8::Array> list = list_.Get(isolate_);
  v8::Local<v8::Context> context;
  if (!list->GetCreationContext().ToLocal(&context)) return;
  const auto noted = static_cast<uint32_t>(cell(kNoted));
  cell(kNoted) = 0;
  for (uint32_t i = 0; i < noted; i++) {
    Add(context, i);
    if (list->Set(context, i, v8::Undefined(isolate_)).IsNothing()) return;
  }
  AdaptRate();
}

void PendingAwaits::Add(v8::Local<v8::Context> context, uint32_t i) {
  const v8::HandleScope handles(isolate_);
  v8::Local<v8::Value> promise;
  v8::Local<v8::Value> labels;
  if (!list_.Get(isolate_)->Get(context, i).ToLocal(&promise) ||
      !labels_.Get(isolate_)->Get(context, i).ToLocal(&labels) ||
      !promise->IsPromise() || !IsPending(promise.As<v8::Promise>())) {
    return;
  }
  Entry entry;
  entry.promise.Reset(isolate_, promise.As<v8::Promise>());
  entry.promise.SetWeak();
  if (labels->IsObject()) entry.labels.Reset(isolate_, labels);
  entry.weight = cell(kEvery);
  entries_.push_back(std::move(entry));
}

void PendingAwaits::DropSettled() {
  const v8::HandleScope handles(isolate_);
  const auto is_over = [&](const Entry& entry) {
    return entry.promise.IsEmpty() || !IsPending(entry.promise.Get(isolate_));
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
    std::vector<Entry> kept;
    for (Entry& entry : entries_) {
      const double chance = entry.weight / every;
      entry.weight = std::max(entry.weight, every);
      if (std::uniform_real_distribution<double>()(random_) < chance) {
        kept.push_back(std::move(entry));
      }
    }
    entries_ = std::move(kept);
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
    awaits.push_back({entry.promise.Get(isolate_), labels, entry.weight});
  }
  return awaits;
}

}  // namespace mprof
