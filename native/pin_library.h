#ifndef MPROF_PIN_LIBRARY_H_
#define MPROF_PIN_LIBRARY_H_

namespace mprof {

// Keeps this library loaded for the life of the process. Node unloads an addon
// with the last thread that had loaded it, and if these were all workers, the
// process's profile would be gone with it.
void PinLibrary();

}  // namespace mprof

#endif  // MPROF_PIN_LIBRARY_H_
