"""What the documentation site is made with: ``python -m docs.making`` makes its pictures anew."""
