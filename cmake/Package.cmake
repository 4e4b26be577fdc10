# What `cmake --install` gives to other programs: headers, static libraries, and a CMake package whose components are
# the rooms. A component is one export set and one file, so that finding one asks for nothing that another needs.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(CONCLAVE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Conclave)

# conclave_component(TARGET NAME SCOPE FOLDER)
# The headers in FOLDER are TARGET's, with SCOPE PUBLIC or INTERFACE; others link it as Conclave::NAME, found by
# find_package or here in the tree. What it links publicly has to be a component too, or a package that
# cmake/ConclaveConfig.cmake.in finds.
function(conclave_component target name scope folder)
  add_library(Conclave::${name} ALIAS ${target})
  cmake_path(ABSOLUTE_PATH folder NORMALIZE)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${folder}/*.hpp)
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${folder} FILES ${headers})
  target_compile_features(${target} ${scope} cxx_std_20)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  if(NOT CONCLAVE_INSTALL)
    return()
  endif()
  install(TARGETS ${target} EXPORT Conclave-${name}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT Conclave-${name} NAMESPACE Conclave:: DESTINATION ${CONCLAVE_PACKAGE_DIR})
endfunction()

# conclave_program(TARGET): into bin.
function(conclave_program target)
  if(CONCLAVE_INSTALL)
    install(TARGETS ${target} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endfunction()

# The file that find_package reads, and its version: while it begins with 0, each minor version is another interface.
function(conclave_package)
  if(NOT CONCLAVE_INSTALL)
    return()
  endif()
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/ConclaveConfig.cmake.in
    ${PROJECT_BINARY_DIR}/ConclaveConfig.cmake INSTALL_DESTINATION ${CONCLAVE_PACKAGE_DIR})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/ConclaveConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/ConclaveConfig.cmake ${PROJECT_BINARY_DIR}/ConclaveConfigVersion.cmake
    ${PROJECT_SOURCE_DIR}/cmake/Findrapidcheck.cmake DESTINATION ${CONCLAVE_PACKAGE_DIR})
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()
