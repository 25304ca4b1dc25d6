"""A client library for accessing Bitfount Hub"""
