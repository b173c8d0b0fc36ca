#ifndef MPROF_WIN32_H_
#define MPROF_WIN32_H_

// Windows' own header, without its macros min and max.
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

#endif  // MPROF_WIN32_H_
