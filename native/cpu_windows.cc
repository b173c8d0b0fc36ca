#include "cpu_windows.h"

#include "clocks.h"
#include "environment.h"

namespace mprof {

namespace {

using Guard = std::lock_guard<std::mutex>;

// Kept of threads that end within windows, besides the first one of each window: some
// ten thousand of them that do little.
constexpr size_t kMaxEndedBytes = size_t{32} << 20;

}  // namespace

CpuWindows& CpuWindows::Process() {
  // Never destroyed, as threads may outlive static objects.
  static auto& windows = *new CpuWindows();
  return windows;
}

std::optional<CpuWindows::WindowId> CpuWindows::Open(Environment& owner,
                                                     uint32_t max_samples,
                                                     std::optional<ThreadId> only) {
  WindowId id;
  {
    const Guard guard(mutex_);
    id = ++last_;
    owners_.insert(owner.thread());
    Window& window = windows_[id];
    window.owner = owner.thread();
    window.max_samples = max_samples;
    window.only = only;
    window.opened_at = static_cast<double>(MonotonicNanos());
  }
  // A thread that comes from here on joins the window, unless it is for one.
  const std::vector<ThreadId> all =
      only ? std::vector<ThreadId>{*only} : Threads::Process().Ids();
  for (const ThreadId thread : all) {
    {
      const Guard guard(mutex_);
      windows_[id].parts.try_emplace(thread);
    }
    if (thread == owner.thread() || Threads::Process().Wake(thread)) continue;
    const Guard guard(mutex_);
    Part* const part = PartOf(id, thread);
    // It has ended: before the window, or it has joined that and is still in it.
    if (part == nullptr || part->open || part->is_closed) continue;
    windows_[id].parts.erase(thread);
    if (only) windows_[id].missing++;
  }
  if (only && *only != owner.thread()) return id;
  OpenPart(owner, id);
  const bool is_open = [&] {
    const Guard guard(mutex_);
    return PartOf(id, owner.thread())->open.has_value();
  }();
  if (is_open) return id;
  Discard(owner, id);
  return std::nullopt;
}

std::vector<std::pair<CpuWindows::WindowId, double>> CpuWindows::OpenFor(ThreadId thread) {
  const Guard guard(mutex_);
  std::vector<std::pair<WindowId, double>> open;
  for (const auto& [id, window] : windows_) {
    if (window.is_closing || window.only.value_or(thread) != thread) continue;
    open.emplace_back(id, window.opened_at);
  }
  return open;
}

void CpuWindows::Close(Environment& owner, WindowId id) {
  std::vector<ThreadId> threads;
  {
    const Guard guard(mutex_);
    const auto window = windows_.find(id);
    if (window == windows_.end()) return;
    window->second.is_closing = true;
    for (const auto& part : window->second.parts) threads.push_back(part.first);
  }
  for (const ThreadId thread : threads) {
    // One that is not there any more has closed its part.
    if (thread != owner.thread()) Threads::Process().Wake(thread);
  }
  ClosePart(owner, id);
}

bool CpuWindows::IsClosed(WindowId id) {
  const Guard guard(mutex_);
  const auto window = windows_.find(id);
  if (window == windows_.end()) return true;
  for (const auto& part : window->second.parts) {
    if (!part.second.is_closed) return false;
  }
  return true;
}

CpuWindows::Samples CpuWindows::Take(Environment& owner, WindowId id) {
  Samples samples = {{}, 0, 0};
  {
    const Guard guard(mutex_);
    const auto window = windows_.find(id);
    if (window == windows_.end()) return samples;
    samples.missing = window->second.missing;
    samples.dropped = window->second.dropped;
    for (auto& [thread, part] : window->second.parts) {
      if (part.HasColumns()) {
        samples.threads.emplace_back(thread, std::move(part.columns));
      } else {
        samples.missing++;
      }
    }
  }
  Discard(owner, id);
  return samples;
}

void CpuWindows::Discard(Environment& owner, WindowId id) {
  std::map<ThreadId, Part> parts;
  {
    const Guard guard(mutex_);
    const auto window = windows_.find(id);
    if (window == windows_.end()) return;
    parts = std::move(window->second.parts);
    ended_bytes_ -= window->second.ended_bytes;
    // Those that have not opened their parts find none.
    windows_.erase(window);
  }
  for (const auto& [thread, part] : parts) {
    if (!part.open) continue;
    if (thread == owner.thread()) {
      owner.cpu_profiler().Discard(*part.open);
    } else {
      Want(thread, [open = *part.open](Wishes* wishes) {
        wishes->discard.push_back(open);
      });
    }
  }
}

void CpuWindows::ReleaseAllBut(ThreadId thread) {
  for (const ThreadId other : Threads::Process().Ids()) {
    if (other != thread) Want(other, [](Wishes* wishes) { wishes->release = true; });
  }
}

void CpuWindows::Want(ThreadId thread, const std::function<void(Wishes*)>& want) {
  {
    const Guard guard(mutex_);
    want(&wishes_[thread]);
  }
  if (Threads::Process().Wake(thread)) return;
  // It has ended, and left nothing to do.
  const Guard guard(mutex_);
  wishes_.erase(thread);
}

void CpuWindows::Join(Environment& thread) {
  std::vector<WindowId> ids;
  {
    const Guard guard(mutex_);
    for (auto& [id, window] : windows_) {
      if (window.only || window.is_closing) continue;
      window.parts[thread.thread()];
      ids.push_back(id);
    }
  }
  for (const WindowId id : ids) OpenPart(thread, id);
}

void CpuWindows::Attend(Environment& thread) {
  std::vector<WindowId> open;
  std::vector<WindowId> close;
  Wishes wishes;
  {
    const Guard guard(mutex_);
    for (const auto& [id, window] : windows_) {
      if (window.parts.count(thread.thread()) == 0) continue;
      (window.is_closing ? close : open).push_back(id);
    }
    const auto found = wishes_.find(thread.thread());
    if (found != wishes_.end()) {
      wishes = std::move(found->second);
      wishes_.erase(found);
    }
  }
  // First, as V8 has room for so many windows only.
  for (const auto id : wishes.discard) thread.cpu_profiler().Discard(id);
  for (const WindowId id : close) ClosePart(thread, id);
  for (const WindowId id : open) OpenPart(thread, id);
  if (wishes.release) thread.cpu_profiler().ReleaseUnlessKept();
}

void CpuWindows::Leave(Environment& thread) {
  std::vector<WindowId> own;
  std::vector<WindowId> others;
  bool is_owner;
  {
    const Guard guard(mutex_);
    wishes_.erase(thread.thread());
    is_owner = owners_.erase(thread.thread()) != 0;
    for (const auto& [id, window] : windows_) {
      if (window.owner == thread.thread()) {
        own.push_back(id);
      } else if (window.parts.count(thread.thread()) != 0) {
        others.push_back(id);
      }
    }
  }
  for (const WindowId id : own) Discard(thread, id);
  for (const WindowId id : others) {
    ClosePart(thread, id);
    EndPart(thread.thread(), id);
  }
  // Nobody else would do that after a while.
  if (is_owner) ReleaseAllBut(thread.thread());
}

void CpuWindows::EndPart(ThreadId thread, WindowId id) {
  const Guard guard(mutex_);
  Part* const part = PartOf(id, thread);
  if (part == nullptr) return;
  Window& window = windows_[id];
  if (!part->HasColumns()) {
    window.parts.erase(thread);
    window.missing++;
    return;
  }
  Shrink(&part->columns);
  const size_t bytes = sizeof(Part) + BytesOf(part->columns);
  if (window.ended_bytes > 0 && ended_bytes_ + bytes > kMaxEndedBytes) {
    window.parts.erase(thread);
    window.dropped++;
    return;
  }
  window.ended_bytes += bytes;
  ended_bytes_ += bytes;
}

void CpuWindows::OpenPart(Environment& thread, WindowId id) {
  uint32_t max_samples;
  {
    const Guard guard(mutex_);
    const Part* const part = PartOf(id, thread.thread());
    if (part == nullptr || part->open || part->is_closed) return;
    max_samples = windows_[id].max_samples;
  }
  const auto open = thread.cpu_profiler().Open(max_samples);
  {
    const Guard guard(mutex_);
    Part* const part = PartOf(id, thread.thread());
    if (part != nullptr) {
      part->open = open;
      part->is_closed = !open;
      return;
    }
  }
  if (open) thread.cpu_profiler().Discard(*open);
}

void CpuWindows::ClosePart(Environment& thread, WindowId id) {
  CpuProfiler::WindowId open;
  {
    const Guard guard(mutex_);
    Part* const part = PartOf(id, thread.thread());
    if (part == nullptr || part->is_closed) return;
    if (!part->open) {
      part->is_closed = true;
      return;
    }
    open = *part->open;
  }
  CpuColumns columns = thread.cpu_profiler().Close(open);
  columns.has_labels = thread.has_labels();
  const Guard guard(mutex_);
  Part* const part = PartOf(id, thread.thread());
  if (part == nullptr) return;
  part->open.reset();
  part->is_closed = true;
  part->columns = std::move(columns);
}

CpuWindows::Part* CpuWindows::PartOf(WindowId id, ThreadId thread) {
  const auto window = windows_.find(id);
  if (window == windows_.end()) return nullptr;
  const auto part = window->second.parts.find(thread);
  return part == window->second.parts.end() ? nullptr : &part->second;
}

}  // namespace mprof
