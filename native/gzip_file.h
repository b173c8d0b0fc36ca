#ifndef MPROF_GZIP_FILE_H_
#define MPROF_GZIP_FILE_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace mprof {

// A new file in gzip's format that appears complete or not at all, and never in the
// place of another one. What is written is stored as it is: this is for when memory
// is short and a library cannot be relied on. Takes 64 KiB while it is open.
//
// The first failure is kept, and everything after it does nothing.
class GzipFile {
 public:
  explicit GzipFile(std::string path);
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;
  // Leaves nothing behind unless it has been committed.
  ~GzipFile();

  void Write(std::string_view bytes);
  // Puts the file where it belongs. 0, or an errno: EEXIST where there is a file.
  int Commit();

 private:
  // The longest piece that the format can store.
  static constexpr size_t kBlock = 65535;

  void StoreBlock(bool last);
  void Put(const void* bytes, size_t length);
  void Close();

  const std::string path_;
  const std::string partial_;
  std::FILE* file_;
  int error_ = 0;
  std::string block_;
  uint32_t crc_ = 0;
  uint32_t length_ = 0;
};

}  // namespace mprof

#endif  // MPROF_GZIP_FILE_H_
