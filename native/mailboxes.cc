#include "mailboxes.h"

#include <utility>

namespace mprof {

namespace {

// What a thread that never turns to its event loop may have waiting for it.
constexpr size_t kMostBytes = size_t{16} << 20;
// Of a message, besides its bytes.
constexpr size_t kMessageBytes = 64;

}  // namespace

Mailboxes& Mailboxes::Process() {
  // Never destroyed, as threads may outlive static objects.
  static auto& mailboxes = *new Mailboxes();
  return mailboxes;
}

void Mailboxes::Open(ThreadId thread, Napi::Env env, const Napi::Function& arrived) {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (mailboxes_.count(thread) != 0) return;
  }
  auto function = Napi::ThreadSafeFunction::New(env, arrived, "mprof", 0, 1);
  if (static_cast<napi_threadsafe_function>(function) == nullptr) return;
  function.Unref(env);
  // Added after those of the function itself, and so called before them.
  env.AddCleanupHook([this, thread] { Close(thread); });
  const std::lock_guard<std::mutex> guard(mutex_);
  mailboxes_[thread].arrived = function;
}

std::vector<ThreadId> Mailboxes::Ids() {
  const std::lock_guard<std::mutex> guard(mutex_);
  std::vector<ThreadId> ids;
  for (const auto& mailbox : mailboxes_) ids.push_back(mailbox.first);
  return ids;
}

bool Mailboxes::Post(ThreadId to, std::string message) {
  // With the lock, the mailbox cannot be closed meanwhile.
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto found = mailboxes_.find(to);
  if (found == mailboxes_.end()) return false;
  Mailbox& mailbox = found->second;
  const size_t bytes = message.size() + kMessageBytes;
  if (mailbox.bytes + bytes > kMostBytes) return false;
  const bool was_empty = mailbox.messages.empty();
  mailbox.messages.push_back(std::move(message));
  mailbox.bytes += bytes;
  if (was_empty) mailbox.arrived.NonBlockingCall();
  return true;
}

std::vector<std::string> Mailboxes::Take(ThreadId thread) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto found = mailboxes_.find(thread);
  if (found == mailboxes_.end()) return {};
  found->second.bytes = 0;
  return std::exchange(found->second.messages, {});
}

void Mailboxes::Close(ThreadId thread) {
  Napi::ThreadSafeFunction arrived;
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto found = mailboxes_.find(thread);
    if (found == mailboxes_.end()) return;
    arrived = found->second.arrived;
    mailboxes_.erase(found);
  }
  arrived.Release();
}

}  // namespace mprof
