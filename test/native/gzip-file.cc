// gzip-file PATH SIZE PIECE: writes so many bytes to a new file, in pieces, and prints the error, 0 for none.

#include "../../native/gzip_file.h"

#include <algorithm>
#include <cstdlib>

int main(int, char** argv) {
  const size_t size = std::strtoul(argv[2], nullptr, 10);
  const size_t piece = std::strtoul(argv[3], nullptr, 10);
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; i++) bytes[i] = static_cast<char>(i * i >> 3);
  int error;
  {
    mprof::GzipFile file(argv[1]);
    for (size_t from = 0; from < size; from += piece) {
      file.Write(std::string_view(bytes).substr(from, piece));
    }
    error = file.Commit();
  }
  // Given up halfway: leaves nothing.
  mprof::GzipFile(std::string(argv[1]) + ".abandoned").Write("something");
  std::printf("%d", error);
}
