// Preloaded into a program: in the folder MPROF_TEST_FULL there is no room for another byte.

#include <dlfcn.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

bool IsFull(int file) {
  const char* const folder = std::getenv("MPROF_TEST_FULL");
  if (folder == nullptr) return false;
  const int before = errno;
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t length = readlink(link.c_str(), path, sizeof(path));
  errno = before;
  const size_t prefix = std::strlen(folder);
  return length > static_cast<ssize_t>(prefix) &&
         std::strncmp(path, folder, prefix) == 0 && path[prefix] == '/';
}

ssize_t NoRoom() {
  errno = ENOSPC;
  return -1;
}

// The function of that name that this one hides.
template <typename Function>
Function Hidden(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* data, size_t size) {
  static const auto hidden = Hidden<ssize_t (*)(int, const void*, size_t)>("write");
  return IsFull(file) ? NoRoom() : hidden(file, data, size);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t at) {
  static const auto hidden =
      Hidden<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return IsFull(file) ? NoRoom() : hidden(file, data, size, at);
}

ssize_t writev(int file, const iovec* data, int count) {
  static const auto hidden = Hidden<ssize_t (*)(int, const iovec*, int)>("writev");
  return IsFull(file) ? NoRoom() : hidden(file, data, count);
}

ssize_t pwritev(int file, const iovec* data, int count, off_t at) {
  static const auto hidden =
      Hidden<ssize_t (*)(int, const iovec*, int, off_t)>("pwritev");
  return IsFull(file) ? NoRoom() : hidden(file, data, count, at);
}

// That of the C library does not call write() where others can see it.
size_t fwrite(const void* data, size_t size, size_t count, FILE* file) {
  using Fwrite = size_t (*)(const void*, size_t, size_t, FILE*);
  static const auto hidden = Hidden<Fwrite>("fwrite");
  if (!IsFull(fileno(file))) return hidden(data, size, count, file);
  NoRoom();
  return 0;
}

}  // extern "C"
