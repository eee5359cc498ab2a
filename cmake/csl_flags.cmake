# Compiler and linker flags that every target of ours shares, in one interface target.
add_library(csl_flags INTERFACE)
target_compile_options(csl_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op>
  # CSL_TRY is a statement expression marked __extension__; clang warns all the same.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-statement-expression-from-macro-expansion>)
target_include_directories(csl_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)

if(CSL_FUZZ)
  # Coverage for libFuzzer in every module, not only in the fuzzer's own file.
  target_compile_options(csl_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(csl_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CSL_SANITIZE)
  target_compile_options(csl_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(csl_flags INTERFACE -fsanitize=address,undefined)
elseif(CSL_SANITIZE_THREAD)
  target_compile_options(csl_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(csl_flags INTERFACE -fsanitize=thread)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(csl_flags INTERFACE -D_FORTIFY_SOURCE=3 -fstack-protector-strong)
  target_link_options(csl_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
if(CSL_COVERAGE)
  target_compile_options(csl_flags INTERFACE --coverage)
  target_link_options(csl_flags INTERFACE --coverage)
endif()
if(CSL_WITHOUT_FSYNC)
  target_compile_definitions(csl_flags INTERFACE CSL_WITHOUT_FSYNC)
endif()

find_program(CSL_CCACHE ccache)
if(CSL_CCACHE)
  # Paths below the tree count as relative, so that every clone is served from one cache.
  set(launcher env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CSL_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()
find_program(CSL_MOLD mold)
if(CSL_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
