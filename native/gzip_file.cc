#include "gzip_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#ifdef _WIN32
#include <process.h>
#else
#include <unistd.h>
#endif

namespace mprof {

namespace {

int ProcessId() {
#ifdef _WIN32
  return _getpid();
#else
  return getpid();
#endif
}

// Gives the file its name. Unlike rename(), it leaves a file of that name alone.
int Publish(const char* partial, const char* path) {
#ifdef _WIN32
  return std::rename(partial, path) == 0 ? 0 : errno;
#else
  if (link(partial, path) == 0) {
    unlink(partial);
    return 0;
  }
  if (errno == EEXIST) return EEXIST;
  // A file system without hard links.
  if (access(path, F_OK) == 0) return EEXIST;
  return std::rename(partial, path) == 0 ? 0 : errno;
#endif
}

// The CRC-32 of gzip, whose polynomial is 0x04c11db7, lowest bits first.
std::array<uint32_t, 256> CrcTable() {
  std::array<uint32_t, 256> table;
  for (uint32_t byte = 0; byte < table.size(); byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    table[byte] = crc;
  }
  return table;
}

uint32_t UpdateCrc(uint32_t crc, std::string_view bytes) {
  static const std::array<uint32_t, 256> table = CrcTable();
  crc = ~crc;
  for (const char c : bytes) {
    crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  }
  return ~crc;
}

std::array<char, 4> LittleEndian(uint32_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8),
          static_cast<char>(value >> 16), static_cast<char>(value >> 24)};
}

}  // namespace

GzipFile::GzipFile(std::string path)
    : path_(std::move(path)),
      partial_(path_ + "." + std::to_string(ProcessId()) + ".tmp"),
      file_(std::fopen(partial_.c_str(), "wbx")) {
  if (file_ == nullptr) {
    error_ = errno;
    return;
  }
  block_.reserve(kBlock);
  // Deflate; no time and no name; made where is unknown.
  constexpr std::array<unsigned char, 10> kHeader = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
  Put(kHeader.data(), kHeader.size());
}

GzipFile::~GzipFile() {
  if (file_ == nullptr) return;
  Close();
  std::remove(partial_.c_str());
}

void GzipFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (block_.size() == kBlock) StoreBlock(false);
    const size_t length = std::min(bytes.size(), kBlock - block_.size());
    block_.append(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
}

void GzipFile::StoreBlock(bool last) {
  const auto length = static_cast<uint32_t>(block_.size());
  const char kind = last ? 1 : 0;
  Put(&kind, 1);
  Put(LittleEndian(length | (~length << 16)).data(), 4);
  Put(block_.data(), block_.size());
  crc_ = UpdateCrc(crc_, block_);
  length_ += length;
  block_.clear();
}

int GzipFile::Commit() {
  if (file_ == nullptr) return error_;
  StoreBlock(true);
  Put(LittleEndian(crc_).data(), 4);
  Put(LittleEndian(length_).data(), 4);
  Close();
  if (error_ == 0) error_ = Publish(partial_.c_str(), path_.c_str());
  if (error_ != 0) std::remove(partial_.c_str());
  return error_;
}

void GzipFile::Put(const void* bytes, size_t length) {
  if (error_ == 0 && std::fwrite(bytes, 1, length, file_) != length) error_ = errno;
}

void GzipFile::Close() {
  const bool closed = std::fclose(file_) == 0;
  file_ = nullptr;
  if (!closed && error_ == 0) error_ = errno;
}

}  // namespace mprof
