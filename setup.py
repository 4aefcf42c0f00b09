"""The packages of the wheel; pyproject.toml can only find packages whose folder bears their name."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["guichet", "guichet.*"]), "guichet_resources", "guichet_manual"],
    package_dir={"guichet_resources": "resources", "guichet_manual": "docs/manuel"},
)
