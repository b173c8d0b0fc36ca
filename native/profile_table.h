#ifndef MPROF_PROFILE_TABLE_H_
#define MPROF_PROFILE_TABLE_H_

#include <cstddef>
#include <mutex>

#include "bucket_table.h"
#include "stack_table.h"
#include "thread_parts.h"
#include "threads.h"

namespace mprof {

// The profile of the whole process: every isolate counts into it and any thread
// reads it. Access goes through a Lock. V8 must not be called while one is
// held: V8 may start a garbage collection, whose harvest takes the lock.
class ProfileTable {
 public:
  ProfileTable(const StackTable::Limits& limits, size_t max_buckets);
  ProfileTable(const ProfileTable&) = delete;
  ProfileTable& operator=(const ProfileTable&) = delete;

  // Memory that the process's tables take at most: it follows from how many rows and
  // how much text they may hold.
  static constexpr size_t kMaxBytes = size_t{64} << 20;

  static ProfileTable& Process();

  class Lock {
   public:
    explicit Lock(ProfileTable& table) : table_(table), guard_(table.mutex_) {}

    StackTable& stacks() { return table_.stacks_; }
    BucketTable& buckets() { return table_.buckets_; }
    ThreadParts& parts() { return table_.parts_; }
    // Has `change` change a bucket on behalf of a thread. Returns whose it is counted
    // as: the main thread's where there is no room to keep it apart.
    template <typename Change>
    ThreadId Count(ThreadId thread, BucketId id, Change change) {
      BucketTable& buckets = table_.buckets_;
      if (thread == kMainThread) {
        change(buckets);
        return kMainThread;
      }
      const Bucket before = buckets.buckets()[id];
      change(buckets);
      const Bucket difference = Difference(buckets.buckets()[id], before);
      return table_.parts_.Add(thread, id, difference) ? thread : kMainThread;
    }
    // Memory that the tables take.
    size_t bytes() const {
      return table_.stacks_.bytes() + table_.buckets_.bytes() + table_.parts_.bytes();
    }
    // The stack of whatever found no room in the tables.
    StackId overflow_stack() const { return table_.overflow_stack_; }
    // The stack of what the profiler itself allocates.
    StackId profiler_stack() const { return table_.profiler_stack_; }

   private:
    ProfileTable& table_;
    std::lock_guard<std::mutex> guard_;
  };

 private:
  StackId AddStack(const char* name);

  std::mutex mutex_;
  StackTable stacks_;
  BucketTable buckets_;
  ThreadParts parts_;
  StackId overflow_stack_;
  StackId profiler_stack_;
};

}  // namespace mprof

#endif  // MPROF_PROFILE_TABLE_H_
