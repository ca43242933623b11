# lipsound2_module(<name> USES <modules...> LINK <libraries...> HIDES <libraries...>)
#
# Declares the static library lipsound2_<name> from src/<name>/*.cpp and include/lipsound2/<name>/*.h, and the tests
# tests/<name>/*_test.cpp. USES is the whole list of modules that its files may include; any other
# #include "lipsound2/..." stops the configure step. LINK reaches the users of the module (only `torch` should); HIDES are the
# third-party libraries whose home this module is.

function(lipsound2_check_includes name files allowed)
  foreach(file IN LISTS files)
    file(STRINGS "${file}" lines REGEX "^[ \t]*#include \"lipsound2/[a-z0-9_]+/")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE ".*\"lipsound2/([a-z0-9_]+)/.*" "\\1" used "${line}")
      if(NOT used IN_LIST allowed)
        message(FATAL_ERROR "${name} must not include ${used} (${file}); it may include: ${allowed}")
      endif()
    endforeach()
  endforeach()
endfunction()

function(lipsound2_module name)
  cmake_parse_arguments(arg "" "" "USES;LINK;HIDES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  file(GLOB headers CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/include/lipsound2/${name}/*.h" "${PROJECT_SOURCE_DIR}/src/${name}/*.h")
  lipsound2_check_includes(${name} "${sources};${headers}" "${name};${arg_USES}")

  if(NOT sources)
    return()
  endif()
  add_library(lipsound2_${name} STATIC ${sources})
  target_include_directories(lipsound2_${name} PUBLIC
    "${PROJECT_SOURCE_DIR}/include" PRIVATE "${PROJECT_SOURCE_DIR}/src/${name}")
  target_link_libraries(lipsound2_${name} PUBLIC lipsound2_options ${arg_LINK} PRIVATE ${arg_HIDES})
  foreach(module IN LISTS arg_USES)
    target_link_libraries(lipsound2_${name} PUBLIC lipsound2_${module})
  endforeach()
  if("torch" IN_LIST arg_LINK)
    set_target_properties(lipsound2_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
  lipsound2_tests(${name})
endfunction()

# One test program per module; ctest names are <module>.<Suite>.<Behavior>.
# Suites named ...Reference, ...Learns, ...EndToEnd, ...Fault carry the label of their tier.
function(lipsound2_tests name)
  file(GLOB tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${name}/*_test.cpp")
  if(NOT tests OR NOT LIPSOUND2_TESTS)
    return()
  endif()
  add_executable(test_${name} ${tests})
  target_include_directories(test_${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/src/${name}")
  target_link_libraries(test_${name} PRIVATE lipsound2_${name} GTest::gmock_main)
  target_compile_definitions(test_${name} PRIVATE
    LIPSOUND2_SOURCE_DIR="${PROJECT_SOURCE_DIR}" LIPSOUND2_BINARY_DIR="${PROJECT_BINARY_DIR}")
  get_target_property(libraries lipsound2_${name} LINK_LIBRARIES)
  if("torch" IN_LIST libraries)
    set_target_properties(test_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 900 LABELS "${name}")
endfunction()
