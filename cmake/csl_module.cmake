# One target per module: csl_module(NAME edf SOURCES edf.cpp TESTS edf_test.cpp USES domain_signal LIBS PkgConfig::flac)
#
# NAME     the target becomes csl_NAME
# SOURCES  .cpp files of the module; none makes a header-only module
# TESTS    doctest files: they become the program csl_NAME_test and the ctest NAME
# FUZZ     one libFuzzer file, built with CSL_FUZZ as csl_NAME_fuzz
# USES     other modules of ours, without csl_; public
# LIBS     foreign libraries; private, since their headers stay in .cpp files
# TEST_LIBS  what only the tests link
add_custom_target(csl_unit_tests)  # builds the unit tests and no more

function(csl_module)
  cmake_parse_arguments(M "" "NAME;FUZZ" "SOURCES;TESTS;USES;LIBS;TEST_LIBS;LABELS" ${ARGN})
  set(uses ${M_USES})
  list(TRANSFORM uses PREPEND csl_)
  if(M_SOURCES)
    add_library(csl_${M_NAME} STATIC ${M_SOURCES})
    target_link_libraries(csl_${M_NAME} PUBLIC csl_flags ${uses} PRIVATE ${M_LIBS})
  else()
    add_library(csl_${M_NAME} INTERFACE)
    target_link_libraries(csl_${M_NAME} INTERFACE csl_flags ${uses})
  endif()
  if(M_TESTS)
    add_executable(csl_${M_NAME}_test ${M_TESTS})
    target_include_directories(csl_${M_NAME}_test PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(csl_${M_NAME}_test PRIVATE csl_${M_NAME} csl_test_main ${M_LIBS} ${M_TEST_LIBS})
    add_dependencies(csl_unit_tests csl_${M_NAME}_test)
    add_test(NAME ${M_NAME} COMMAND csl_${M_NAME}_test)
    set_tests_properties(${M_NAME} PROPERTIES LABELS "unit;${M_LABELS}" TIMEOUT 300
      ENVIRONMENT "CONSILIUM_SOURCE=${CMAKE_SOURCE_DIR};ASAN_OPTIONS=detect_leaks=1;UBSAN_OPTIONS=print_stacktrace=1")
  endif()
  if(M_FUZZ AND CSL_FUZZ)
    add_executable(csl_${M_NAME}_fuzz ${M_FUZZ})
    target_include_directories(csl_${M_NAME}_fuzz PRIVATE ${CMAKE_SOURCE_DIR})
    target_compile_options(csl_${M_NAME}_fuzz PRIVATE -fsanitize=fuzzer,address,undefined)
    target_link_options(csl_${M_NAME}_fuzz PRIVATE -fsanitize=fuzzer,address,undefined)
    target_link_libraries(csl_${M_NAME}_fuzz PRIVATE csl_${M_NAME})
  endif()
endfunction()
