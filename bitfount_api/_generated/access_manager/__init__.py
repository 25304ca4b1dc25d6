"""A client library for accessing Bitfount Access Manager"""
