# rapidcheck as Debian packages it (librapidcheck-dev): no CMake file, a library and headers. Defines rapidcheck.
find_library(rapidcheck_LIBRARY rapidcheck)
find_path(rapidcheck_INCLUDE_DIR rapidcheck.h)
mark_as_advanced(rapidcheck_LIBRARY rapidcheck_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(rapidcheck REQUIRED_VARS rapidcheck_LIBRARY rapidcheck_INCLUDE_DIR)

if(rapidcheck_FOUND AND NOT TARGET rapidcheck)
  add_library(rapidcheck INTERFACE IMPORTED GLOBAL)
  target_link_libraries(rapidcheck INTERFACE ${rapidcheck_LIBRARY})
  target_include_directories(rapidcheck INTERFACE ${rapidcheck_INCLUDE_DIR})
endif()
