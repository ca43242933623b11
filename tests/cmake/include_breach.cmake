# Run with cmake -P: the include check must stop on a header that `audio` may not use.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/Lipsound2Module.cmake")
lipsound2_check_includes(audio "${CMAKE_CURRENT_LIST_DIR}/breach/allowed.h" "audio;core;config")
message(STATUS "the allowed include passed")
lipsound2_check_includes(audio "${CMAKE_CURRENT_LIST_DIR}/breach/forbidden.h" "audio;core;config")
