"""A client library for accessing Bitfount SMART on FHIR"""
