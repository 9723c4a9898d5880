create macro text() as 'never closed;
