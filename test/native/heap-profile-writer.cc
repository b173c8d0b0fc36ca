// heap-profile-writer PATH ROWS: writes the profile of tables with so many functions, each with a stack of ten and four
// sizes, and prints the error, and what was allocated at most for that. JSON.

#include "../../native/heap_profile_writer.h"

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {

size_t taken = 0;
size_t most = 0;

}  // namespace

void* operator new(size_t size) {
  void* const place = std::malloc(size);
  if (place == nullptr) std::abort();
  taken += malloc_usable_size(place);
  if (taken > most) most = taken;
  return place;
}
void operator delete(void* place) noexcept {
  if (place == nullptr) return;
  taken -= malloc_usable_size(place);
  std::free(place);
}
void operator delete(void* place, size_t) noexcept { operator delete(place); }
void* operator new[](size_t size) { return operator new(size); }
void operator delete[](void* place) noexcept { operator delete(place); }
void operator delete[](void* place, size_t) noexcept { operator delete(place); }

int main(int, char** argv) {
  using namespace mprof;
  const size_t rows = std::strtoul(argv[2], nullptr, 10);
  ProfileTable table(StackTable::Limits(), BucketTable::kMaxBuckets);
  for (size_t i = 0; i < rows; i++) {
    ProfileTable::Lock lock(table);
    const std::string number = std::to_string(i);
    const auto line = static_cast<uint32_t>(i + 1);
    const auto frame = lock.stacks().InternFrame(
        "f" + number, "file:///srv/caf%C3%A9/" + number + ".mjs?v=1", {line, 3, line});
    StackId stack = StackTable::kRoot;
    for (int depth = 0; depth < 10 && frame; depth++) {
      stack = lock.stacks().Extend(stack, *frame).value_or(lock.overflow_stack());
    }
    for (const uint64_t size : {16, 100, 1000, 5000}) {
      const HeapObject object = {size, 512};
      const BucketId id = lock.buckets().FindHeap(stack, object, lock.overflow_stack());
      lock.buckets().CountAlloc(id, object);
      if (i % 2 == 0) lock.buckets().CountFree(id, object);
    }
  }
  const size_t before = taken;
  most = taken;
  int error;
  {
    GzipFile file(argv[1]);
    HeapProfileWriter(table, file).Write({"/srv/app.js", 1, 512, {"near the heap limit"}});
    error = file.Commit();
  }
  ProfileTable::Lock lock(table);
  std::printf("{\"error\": %d, \"peak\": %zu, \"strings\": %zu, \"frames\": %zu, \"buckets\": %zu}", error, most - before,
              lock.stacks().string_count(), lock.stacks().frame_count(), lock.buckets().buckets().size());
}
