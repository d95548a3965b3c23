@echo off
rem Opens the assignment in JupyterLab: double-click it, or type start_jupyter in a terminal. The first time, and when
rem the lists of packages have changed, it makes an environment of its own in .venv and installs them.
rem   start_jupyter --only-install    installs, and opens nothing
setlocal
cd /d "%~dp0"

if not exist ".venv\Scripts\python.exe" (
    echo Making the environment .venv.
    py -3 -m venv .venv 2>nul || python -m venv .venv
)
if not exist ".venv\Scripts\python.exe" (
    echo Python was not found. Install Python 3.11 or newer for Windows, and tick "Add python.exe to PATH".
    pause
    exit /b 1
)
".venv\Scripts\python.exe" -c "import sys; sys.exit(sys.version_info < (3, 11))"
if errorlevel 1 (
    echo The environment .venv does not work, or its Python is older than 3.11.
    echo Install Python 3.11 or newer, remove the folder .venv, and start this again.
    pause
    exit /b 1
)

type requirements.txt requirements-notebooks.txt > ".venv\wanted.txt" 2>nul
fc /b ".venv\wanted.txt" ".venv\installed.txt" >nul 2>nul
if errorlevel 1 (
    echo Installing what the assignment needs; this happens once, and takes some minutes.
    ".venv\Scripts\python.exe" -m pip install --disable-pip-version-check -r requirements.txt -r requirements-notebooks.txt
    if errorlevel 1 (
        echo The packages could not be installed; the lines above say why. Start this again when that is solved.
        pause
        exit /b 1
    )
    copy /y ".venv\wanted.txt" ".venv\installed.txt" >nul
)

if "%~1"=="--only-install" (
    echo Everything is there. To open JupyterLab: start_jupyter
    exit /b 0
)
".venv\Scripts\python.exe" -m jupyterlab %*
