// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the driver is that Run.h runs: all that differs between the tests of the shared runtime and those of the static
// one, which have the rest of their objects in common.
namespace run {

extern const char *const Driver;
const char *const Driver = DRIVER;

} // namespace run
