#include "near_heap_limit.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <system_error>

#include "clocks.h"
#include "heap_profile_writer.h"
#include "v8-statistics.h"

namespace mprof {

namespace {

// Share of the initial limit below which V8 is to go back to it.
constexpr double kRestoreBelow = 0.95;

// As in 20260102T030405.678Z.
std::string UtcTime(int64_t nanos) {
  const auto seconds = static_cast<std::time_t>(nanos / 1'000'000'000);
  std::tm parts;
#ifdef _WIN32
  gmtime_s(&parts, &seconds);
#else
  gmtime_r(&seconds, &parts);
#endif
  char text[32];
  const size_t length = std::strftime(text, sizeof(text), "%Y%m%dT%H%M%S", &parts);
  std::snprintf(text + length, sizeof(text) - length, ".%03dZ",
                static_cast<int>(nanos / 1'000'000 % 1000));
  return text;
}

// What src/profiles/heap.ts says about the values, in the two comments that
// collectors show.
std::vector<std::string> Comments(size_t limit, const HeapSampler::Stats& sampler,
                                  uint64_t overflowed) {
  std::string known;
  if (sampler.unseen > 0) {
    char share[32];
    std::snprintf(share, sizeof(share), "%.0f%%",
                  100 * (1 - sampler.unseen / static_cast<double>(sampler.samples)));
    known = std::string(share) +
            " of the samples were observed; allocations of the others are estimated";
  }
  if (overflowed > 0) {
    if (!known.empty()) known += "; ";
    known += std::to_string(overflowed) +
             " samples are counted under (overflow): the tables are full";
  }
  std::vector<std::string> comments = {
      "near the heap limit of " + std::to_string(limit) + " bytes"};
  if (!known.empty()) comments.push_back(known);
  return comments;
}

}  // namespace

void NearHeapLimit::Start(const Options& options) {
  options_ = options;
  due_ = false;
  if (!watches_collections_) {
    collections_ = 0;
    isolate_->AddGCPrologueCallback(OnGCPrologue, this, kCollections);
    isolate_->AddGCEpilogueCallback(OnGCEpilogue, this, kCollections);
    watches_collections_ = true;
  }
  // V8 asks the callback that was added last.
  RemoveLimitCallback();
  isolate_->AddNearHeapLimitCallback(OnLimit, this);
  waits_for_limit_ = true;
}

void NearHeapLimit::Stop() {
  RemoveLimitCallback();
  if (!watches_collections_) return;
  isolate_->RemoveGCPrologueCallback(OnGCPrologue, this);
  isolate_->RemoveGCEpilogueCallback(OnGCEpilogue, this);
  watches_collections_ = false;
}

void NearHeapLimit::RemoveLimitCallback() {
  if (!waits_for_limit_) return;
  // Leaving the limit as it is.
  isolate_->RemoveNearHeapLimitCallback(OnLimit, 0);
  waits_for_limit_ = false;
}

void NearHeapLimit::OnGCPrologue(v8::Isolate*, v8::GCType, v8::GCCallbackFlags,
                                 void* data) {
  static_cast<NearHeapLimit*>(data)->collections_++;
}

void NearHeapLimit::OnGCEpilogue(v8::Isolate*, v8::GCType, v8::GCCallbackFlags,
                                 void* data) {
  auto* self = static_cast<NearHeapLimit*>(data);
  self->collections_--;
  self->DumpIfDue();
}

size_t NearHeapLimit::OnLimit(void* data, size_t current_limit, size_t) {
  auto* self = static_cast<NearHeapLimit*>(data);
  if (!self->dumping_) {
    self->limit_ = current_limit;
    self->due_ = true;
    self->DumpIfDue();
  }
  return self->Extended(current_limit);
}

void NearHeapLimit::DumpIfDue() {
  if (!due_ || dumping_ || collections_ > 0) return;
  // Reading samples allocates: V8 may collect, and report the limit again.
  dumping_ = true;
  if (sampler_.HarvestSurvivors()) {
    due_ = false;
    Dump();
    // V8 walks through its callbacks for collections now: those stay.
    RemoveLimitCallback();
    isolate_->AutomaticallyRestoreInitialHeapLimit(kRestoreBelow);
  }
  dumping_ = false;
}

void NearHeapLimit::Dump() {
  const int64_t now = WallNanos();
  const std::string path = options_.prefix + UtcTime(now) + options_.suffix;
  const uint64_t overflowed = [] {
    ProfileTable::Lock table(ProfileTable::Process());
    return table.buckets().overflowed();
  }();
  GzipFile file(path);
  HeapProfileWriter(ProfileTable::Process(), file)
      .Write({options_.program, now, static_cast<uint64_t>(sampler_.rate()),
              Comments(limit_, sampler_.GetStats(), overflowed)});
  const int error = file.Commit();
  if (error == 0) {
    stats_.written++;
    std::fprintf(stderr, "mprof: near the heap limit, wrote %s\n", path.c_str());
  } else {
    stats_.failed++;
    std::fprintf(stderr, "mprof: near the heap limit, could not write %s: %s\n",
                 path.c_str(), std::generic_category().message(error).c_str());
  }
}

size_t NearHeapLimit::Extended(size_t current_limit) const {
  // The limit is that of the old generation. V8 ends the process at once if what it
  // has reserved for that is still above the limit, which can be by any amount: one
  // large object is enough.
  v8::HeapStatistics heap;
  isolate_->GetHeapStatistics(&heap);
  size_t old_generation = 0;
  for (size_t i = 0; i < isolate_->NumberOfHeapSpaces(); i++) {
    v8::HeapSpaceStatistics space;
    if (!isolate_->GetHeapSpaceStatistics(&space, i)) continue;
    if (std::strncmp(space.space_name(), "new_", 4) != 0) {
      old_generation += space.space_size();
    }
  }
  // And in the middle of the next collection if that finds no room for what survives
  // of the young generation, even where another callback would only end a worker. At
  // most that is what the young generation may grow to: the difference between V8's
  // limit of the whole heap and that of the old generation.
  const size_t young_generation = heap.heap_size_limit() - current_limit;
  // Where the process ends in any case it must not take longer than it would have. V8
  // gives up as long as more than four fifths of the limit are in use.
  const size_t slack = heap.used_heap_size() / 4;
  return std::max(current_limit, old_generation) +
         (options_.is_worker ? young_generation : std::min(young_generation, slack));
}

}  // namespace mprof
